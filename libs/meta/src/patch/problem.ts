/** Why a patch cannot be applied, in the words and with the status code of Kubernetes. */
export interface PatchProblem {
  readonly code: number;
  /** '' where Kubernetes gives none. */
  readonly reason: string;
  readonly message: string;
  /** Kubernetes sends an empty `details` with some of these. */
  readonly details?: Readonly<Record<string, never>>;
}
export type Patched<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: PatchProblem };

export function patched<T>(value: T): Patched<T> {
  return { ok: true, value };
}
export function badRequest<T>(message: string): Patched<T> {
  return { ok: false, problem: { code: 400, reason: 'BadRequest', message } };
}
/** A patch that is well-formed but does not fit the object. */
export function unprocessable<T>(): Patched<T> {
  const message = 'the server rejected our request due to an error in our request';
  return { ok: false, problem: { code: 422, reason: 'Invalid', message, details: {} } };
}
export function internal<T>(message: string): Patched<T> {
  return { ok: false, problem: { code: 500, reason: '', message } };
}
