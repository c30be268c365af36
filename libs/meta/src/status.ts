import { canonical, jsonEquals } from '#std';

/** The object with a new status, or the very same object when nothing of the status differs. */
export function withStatus<T extends { readonly status?: unknown }>(object: T, status: T['status']): T {
  if (jsonEquals(object.status, status)) return object;
  return canonical({ ...object, status });
}
