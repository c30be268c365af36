/** The object without one of its fields. */
export function withoutField<T extends object, K extends keyof T>(object: T, field: K): T {
  if (!(field in object)) return object;
  const { [field]: _dropped, ...rest } = object;
  return rest as T;
}
