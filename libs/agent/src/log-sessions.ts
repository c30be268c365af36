import { stateOf } from '#pod';
import { kubelet } from '#loops';
import type { LogRequest, StreamOpened } from '#model';
import { parseInstant } from '#std';
import type { Instant } from '#std';
import { ByteStream } from '#engine';
import type { PodWorker } from './pod-worker.js';
import type { AgentOptions } from './options.js';

/** Answers a request for a log: opens the stream and sends what the engine has kept, or says why there is nothing. */
export class LogSessions {
  private readonly open = new Set<ByteStream>();

  constructor(private readonly options: AgentOptions) {}

  answer(request: LogRequest, worker: PodWorker | undefined): StreamOpened {
    if (!worker) return refused(`pod "${request.pod}" is not on this node`);
    const found = logContainer(worker, request.container, request.previous);
    if ('problem' in found) return refused(found.problem);
    this.send(request, found.id).catch((error: unknown) =>
      this.options.log?.(`log of ${request.pod}: ${error instanceof Error ? error.message : String(error)}`),
    );
    return { opened: true };
  }
  stop(): void {
    for (const stream of this.open) stream.cancel('the agent was stopped');
  }

  private async send(request: LogRequest, id: string): Promise<void> {
    const { clock, runtime } = this.options;
    const stream = new ByteStream({
      bus: this.options.streamBus ?? this.options.bus,
      clock,
      subject: request.stream,
      side: 'agent',
    });
    this.open.add(stream);
    const abort = new AbortController();
    // The reader says nothing; its going away is what ends a log that is followed.
    void watchEnd(stream, () => abort.abort());
    try {
      const since = sinceOf(request, clock.now());
      const logs = runtime.logs(id, {
        follow: request.follow,
        timestamps: request.timestamps,
        ...(request.tailLines !== undefined && { tailLines: request.tailLines }),
        ...(since !== undefined && { since }),
        signal: abort.signal,
      });
      let left = request.limitBytes ?? Infinity;
      for await (const chunk of logs) {
        await stream.write(chunk.length > left ? chunk.subarray(0, left) : chunk);
        left -= chunk.length;
        if (left <= 0) break;
      }
      await stream.end();
    } catch (error) {
      stream.cancel(error instanceof Error ? error.message : String(error));
    } finally {
      this.open.delete(stream);
      abort.abort();
    }
  }
}

/** The container whose log is meant: the current one, or the one before it; while one waits, the one that ended last. */
function logContainer(
  worker: PodWorker,
  name: string,
  previous: boolean,
): { readonly id: string } | { readonly problem: string } {
  const { pod } = worker;
  const [current, before] = kubelet.attemptsOf(worker.containers, name);
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = worker.record.status;
  const status = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find(
    (s) => s.name === name,
  );
  const waiting = stateOf(status).waiting;
  const waitsAgain = waiting !== undefined && current?.state === 'exited';
  if (previous) {
    const last = waitsAgain ? current : before?.state === 'exited' ? before : undefined;
    return last
      ? { id: last.id }
      : { problem: `previous terminated container "${name}" in pod "${pod.metadata.name}" not found` };
  }
  if (current && current.state !== 'created') return { id: current.id };
  if (before) return { id: before.id };
  const reason = waiting?.reason ?? 'ContainerCreating';
  const words =
    reason === 'ImagePullBackOff'
      ? 'trying and failing to pull image'
      : reason === 'ErrImagePull'
        ? "image can't be pulled"
        : reason;
  return { problem: `container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${words}` };
}

async function watchEnd(stream: ByteStream, ended: () => void): Promise<void> {
  try {
    for await (const _chunk of stream) void _chunk;
  } catch {
    ended();
  }
}
function sinceOf(request: LogRequest, now: Instant): Instant | undefined {
  if (request.sinceSeconds !== undefined) return now - request.sinceSeconds * 1000;
  return parseInstant(request.sinceTime);
}
function refused(message: string): StreamOpened {
  return { opened: false, code: 400, reason: 'BadRequest', message };
}
