import { useEffect, useRef } from "react";

/** Takes the focus when it appears: in place of the button that brought it. */
export function useFocus<T extends HTMLElement>() {
  const element = useRef<T>(null);
  useEffect(() => element.current?.focus(), []);
  return element;
}
