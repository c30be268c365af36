import type Docker from 'dockerode';
import type { RuntimeLogOptions } from '#ports';
import { toFault } from './faults.js';
import { FrameReader } from './frames.js';

/** The engine's own log of a container, both streams in the order in which they were written. */
export async function* readLogs(docker: Docker, id: string, options: RuntimeLogOptions): AsyncIterable<Uint8Array> {
  let stream: NodeJS.ReadableStream;
  let tty: boolean;
  try {
    const container = docker.getContainer(id);
    tty = (await container.inspect()).Config.Tty;
    stream = await open(container, options);
  } catch (error) {
    throw toFault(error);
  }
  const destroy = (): void => (stream as unknown as { destroy(): void }).destroy();
  options.signal?.addEventListener('abort', destroy, { once: true });
  const reader = new FrameReader();
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (tty) yield chunk;
      else for (const frame of reader.push(chunk)) yield frame.bytes;
    }
  } catch (error) {
    if (!options.signal?.aborted) throw toFault(error);
  } finally {
    options.signal?.removeEventListener('abort', destroy);
    destroy();
  }
}

async function open(container: Docker.Container, options: RuntimeLogOptions): Promise<NodeJS.ReadableStream> {
  const common = {
    stdout: true,
    stderr: true,
    timestamps: options.timestamps,
    tail: options.tailLines === undefined ? ('all' as unknown as number) : options.tailLines,
    ...(options.since !== undefined && { since: options.since / 1000 }),
  };
  if (options.follow) return container.logs({ ...common, follow: true });
  const { PassThrough } = await import('node:stream');
  const whole = await container.logs({ ...common, follow: false });
  return new PassThrough().end(whole);
}
