import type { Container, LifecycleHandler, Pod } from '#pod';
import { httpTarget } from './probe-target.js';
import type { NodeContext } from './node-context.js';
import { pause } from '#engine';

const HOOK_MS_MAX = 24 * 3600 * 1000;

export interface HookCall {
  readonly pod: Pod;
  readonly container: Container;
  readonly handler: LifecycleHandler;
  readonly id: string;
  readonly ip: string | undefined;
  readonly timeoutMs?: number;
}
/** Runs a lifecycle hook; a sentence when it failed. */
export async function runHook(context: NodeContext, call: HookCall): Promise<string | undefined> {
  const { handler, container, id } = call;
  const { runtime, prober, clock } = context.options;
  const timeoutMs = call.timeoutMs ?? HOOK_MS_MAX;
  try {
    if (handler.exec) {
      const result = await runtime.exec(id, handler.exec.command ?? [], { timeoutMs, outputBytesMax: 10_240 });
      if (result.timedOut) return 'the hook did not end in time';
      return result.exitCode === 0
        ? undefined
        : `command '${(handler.exec.command ?? []).join(' ')}' exited with ${result.exitCode}: ${result.output}`;
    }
    if (handler.sleep) {
      await pause(clock, Math.min(handler.sleep.seconds * 1000, timeoutMs));
      return undefined;
    }
    if (handler.httpGet) {
      const target = httpTarget(container, handler.httpGet, call.ip ?? '', timeoutMs);
      if (typeof target === 'string') return target;
      const answer = await prober.probe(target);
      return answer.result === 'success' ? undefined : answer.output;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
