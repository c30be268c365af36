import type { Problem } from '#model';

export const invalid = (field: string, value: unknown, detail: string): Problem => ({
  ...{ type: 'Invalid', field, value },
  detail,
});
export const required = (field: string, detail = ''): Problem => ({ type: 'Required', field, detail });
export const forbidden = (field: string, detail: string): Problem => ({ type: 'Forbidden', field, detail });
export const unsupported = (field: string, value: string, supported: readonly string[]): Problem => ({
  ...{ type: 'NotSupported', field, value, supported },
  detail: '',
});
/** So many problems of one schema are told. */
export const PROBLEMS_MAX = 500;
