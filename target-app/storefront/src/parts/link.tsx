import type { AnchorHTMLAttributes, MouseEvent } from "react";

import { navigate } from "../router";

/** A link within the shop: followed here, unless the browser is asked for a tab of its own. */
export function Link(props: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  function follow(event: MouseEvent<HTMLAnchorElement>) {
    props.onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!plain || event.defaultPrevented) return;
    event.preventDefault();
    navigate(props.href);
  }
  // What is in it comes with the props, and Enter on a link is a click.
  // eslint-disable-next-line jsx-a11y/anchor-has-content, jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions
  return <a {...props} onClick={follow} />;
}
