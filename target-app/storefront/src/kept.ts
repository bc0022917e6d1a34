// What outlives a page: JSON in the browser's own storage. A browser that has none, or one that is
// full, makes the shop forgetful and breaks nothing.

export type Keeper = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface Kept<T> {
  readonly read: () => T | null;
  readonly write: (value: T | null) => void;
}

export function kept<T>(keeper: () => Keeper, name: string, isSound: (value: unknown) => value is T): Kept<T> {
  return {
    read(): T | null {
      try {
        const value: unknown = JSON.parse(keeper().getItem(name) ?? "null");
        return isSound(value) ? value : null;
      } catch {
        return null;
      }
    },
    write(value: T | null): void {
      try {
        if (value === null) keeper().removeItem(name);
        else keeper().setItem(name, JSON.stringify(value));
      } catch {
        // Forgetful, as said above.
      }
    },
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
