export function engineAddress(): string;
export function engine(
  method: string,
  path: string,
  options?: { readonly address?: string; readonly timeoutMs?: number; readonly body?: unknown },
): Promise<{ readonly status: number; readonly body: unknown }>;
export function ping(): Promise<boolean>;
