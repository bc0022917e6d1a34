// How long to wait before asking again.

const BASE = 500;
const MOST = 8_000;

/**
 * Milliseconds: at least what the shop asks for, longer with every failure, and spread out, so
 * that browsers which failed together do not come back together.
 *
 * @param failures so far, from 1
 * @param retryAfter what the shop asks for, in milliseconds
 * @param chance from 0 to 1
 */
export function backoff(failures: number, retryAfter: number | null, chance: number): number {
  const spread = Math.min(MOST, BASE * 2 ** (failures - 1));
  return Math.max(retryAfter ?? 0, spread / 2) + (chance * spread) / 2;
}
