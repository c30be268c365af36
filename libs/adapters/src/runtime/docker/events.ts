import type Docker from 'dockerode';
import type { ContainerOwner, RuntimeChange } from '#ports';
import { labelNames } from './labels.js';

const RETRY_MS = 500;
const KINDS: Readonly<Record<string, RuntimeChange['what']>> = {
  start: 'started',
  die: 'exited',
  destroy: 'removed',
  oom: 'other',
};

/** Follows the engine's events; when the connection is lost it goes on from the last one that it saw. */
export function watchEvents(
  docker: Docker,
  owner: ContainerOwner,
  listener: (change: RuntimeChange) => void,
): () => void {
  let ended = false;
  let stream: NodeJS.ReadableStream | undefined;
  let since = Math.floor(Date.now() / 1000);
  let timer: NodeJS.Timeout | undefined;
  let reopened = false;

  const again = (): void => {
    if (ended || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void open();
    }, RETRY_MS);
    timer.unref();
  };
  const open = async (): Promise<void> => {
    try {
      const filters = {
        type: ['container'],
        label: [`${labelNames.cluster}=${owner.cluster}`, `${labelNames.node}=${owner.node}`],
        event: Object.keys(KINDS),
      };
      stream = await docker.getEvents({ since, filters } as Docker.GetEventsOptions);
    } catch {
      return again();
    }
    if (ended) return destroy(stream);
    if (reopened) listener({ podUid: '', containerId: '', what: 'other' });
    reopened = true;
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = parse(line);
        if (!event) continue;
        since = event.time;
        listener(event.change);
      }
    });
    stream.on('error', again);
    stream.on('end', again);
    stream.on('close', again);
  };
  void open();
  return () => {
    ended = true;
    if (timer) clearTimeout(timer);
    if (stream) destroy(stream);
  };
}

function destroy(stream: NodeJS.ReadableStream): void {
  (stream as unknown as { destroy(): void }).destroy();
}
function parse(line: string): { readonly time: number; readonly change: RuntimeChange } | undefined {
  if (!line.trim()) return undefined;
  const event = JSON.parse(line) as {
    Action?: string;
    time?: number;
    Actor?: { ID?: string; Attributes?: Record<string, string> };
  };
  const what = KINDS[event.Action ?? ''];
  const podUid = event.Actor?.Attributes?.[labelNames.uid];
  if (!what || !podUid) return undefined;
  return { time: event.time ?? 0, change: { podUid, containerId: event.Actor?.ID ?? '', what } };
}
