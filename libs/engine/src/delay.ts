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
/** False when the work is not over by then, on the monotonic clock; it goes on for others. */
export async function isOverBy(deadline: number, work: Promise<unknown>, clock: Clock): Promise<boolean> {
  const late = cancellableDelay(clock, deadline - clock.monotonic());
  const isOver = await Promise.race([work.then(() => true), late.done.then(() => false)]);
  late.cancel();
  return isOver;
}
