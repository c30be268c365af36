/** One thing wrong with one field: the same shape as the model's Problem, which this library may not import. */
export interface MetaProblem {
  readonly type: 'Required' | 'Invalid' | 'NotSupported' | 'Forbidden' | 'Duplicate' | 'TooLong';
  /** `metadata.labels` */
  readonly field: string;
  readonly value?: unknown;
  readonly detail: string;
  readonly supported?: readonly string[];
}

export function invalid(field: string, value: unknown, detail: string): MetaProblem {
  return { type: 'Invalid', field, value, detail };
}
export function required(field: string, detail = ''): MetaProblem {
  return { type: 'Required', field, detail };
}
export function forbidden(field: string, detail: string): MetaProblem {
  return { type: 'Forbidden', field, detail };
}
/** `Too long: may not be more than 256 bytes` */
export function tooLong(field: string, bytesMax: number): MetaProblem {
  return { type: 'TooLong', field, detail: `may not be more than ${bytesMax} bytes` };
}
export function notSupported(field: string, value: unknown, supported: readonly string[]): MetaProblem {
  return { type: 'NotSupported', field, value, detail: '', supported };
}
export function duplicate(field: string, value: unknown, detail = ''): MetaProblem {
  return { type: 'Duplicate', field, value, detail };
}

/** A value, or the sentence that says why there is none. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };
export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}
export function unparsed<T>(message: string): Parsed<T> {
  return { ok: false, message };
}
