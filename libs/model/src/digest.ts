import { hash128, stableStringify, type Json } from '#std';
import type { Submit } from './loop.js';

/** 32 hex digits that are the same for the same decision, without what follows on it. */
export function digestOf({ command, because, basedOn }: Submit): string {
  return hash128(stableStringify([command, because, basedOn ?? null] as unknown as Json));
}
