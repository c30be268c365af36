import type { Clock } from '#ports';

/** `done` resolves after `ms` milliseconds, or when `cancel` is called. */
export function cancellableDelay(
  clock: Clock,
  ms: number,
): { readonly done: Promise<void>; readonly cancel: () => void } {
  let cancel: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    const stop = clock.after(ms, resolve);
    cancel = () => {
      stop();
      resolve();
    };
  });
  return { done, cancel };
}
/** Resolves after `ms` milliseconds. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return cancellableDelay(clock, ms).done;
}
