import { type ChangeEvent, useId } from "react";

interface Props {
  of: string;
  value: number;
  most: number;
  onChange: (quantity: number) => void;
}

/** How many: a number field with a button on either side. */
export function Quantity({ of, value, most, onChange }: Props) {
  const id = useId();

  function typed({ target }: ChangeEvent<HTMLInputElement>) {
    const number = target.valueAsNumber;
    if (Number.isInteger(number) && number >= 1 && number <= most) onChange(number);
  }

  return (
    <div className="quantity">
      <button type="button" aria-label={`One ${of} less`} disabled={value <= 1} onClick={() => onChange(value - 1)}>
        −
      </button>
      <label className="hidden" htmlFor={id}>{`Quantity of ${of}`}</label>
      <input id={id} type="number" inputMode="numeric" min={1} max={most} value={value} onChange={typed} />
      <button type="button" aria-label={`One ${of} more`} disabled={value >= most} onClick={() => onChange(value + 1)}>
        +
      </button>
    </div>
  );
}
