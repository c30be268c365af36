export function engineAddress(): string;
export function engine(
  method: string,
  path: string,
  timeoutMs?: number,
): Promise<{ readonly status: number; readonly body: unknown }>;
export function ping(): Promise<boolean>;
