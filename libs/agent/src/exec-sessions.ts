import { kubelet } from '#loops';
import {
  sessionChannels,
  type ForwardRequest,
  type SessionRequest,
  type SessionResult,
  type StreamOpened,
  type TerminalSize,
} from '#model';
import type { RuntimeSession } from '#ports';
import { ByteStream, decodeMessage, encodeMessage } from '#engine';
import type { PodWorker } from './pod-worker.js';
import type { AgentOptions } from './options.js';

/** Answers `exec`, `attach` and `portforward`: joins a program's input and output, or a port, to a byte stream. */
export class ExecSessions {
  private readonly open = new Set<ByteStream>();

  constructor(private readonly options: AgentOptions) {}

  answer(request: SessionRequest, worker: PodWorker | undefined): StreamOpened {
    const [current] = worker ? kubelet.attemptsOf(worker.containers, request.container) : [];
    if (current?.state !== 'running') {
      const message = `unable to upgrade connection: container not found ("${request.container}")`;
      return { opened: false, code: 500, reason: 'InternalError', message };
    }
    void this.serve(request.stream, () => this.options.runtime.session(current.id, request));
    return { opened: true };
  }
  forward({ stream, port }: ForwardRequest, worker: PodWorker | undefined): StreamOpened {
    const sandbox = worker?.containers.find(({ labels, state }) => labels.role === 'infra' && state === 'running');
    if (!sandbox)
      return {
        opened: false,
        code: 500,
        reason: 'InternalError',
        message: 'unable to forward port because pod is not running',
      };
    void this.serve(stream, () => this.options.runtime.connect(sandbox.id, port));
    return { opened: true };
  }
  stop(): void {
    for (const stream of this.open) stream.cancel('the agent was stopped');
  }

  private async serve(subject: string, begin: () => Promise<RuntimeSession>): Promise<void> {
    const { clock, bus, streamBus } = this.options;
    const stream = new ByteStream({ bus: streamBus ?? bus, clock, subject, side: 'agent' });
    this.open.add(stream);
    let session: RuntimeSession | undefined;
    try {
      session = await begin();
      void feed(stream, session);
      for await (const { channel, data } of session.output) await stream.write(data, channel);
      const exitCode = await session.exitCode();
      await finish(stream, exitCode === undefined ? {} : { exitCode });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      await finish(stream, { problem }).catch(() => stream.cancel(problem));
    } finally {
      this.open.delete(stream);
      session?.close();
    }
  }
}

async function finish(stream: ByteStream, result: SessionResult): Promise<void> {
  await stream.write(encodeMessage(result), sessionChannels.result);
  await stream.end();
}

/** What the client sends; its going away ends the session. */
async function feed(stream: ByteStream, session: RuntimeSession): Promise<void> {
  try {
    for await (const { channel, data } of stream) {
      if (channel === sessionChannels.input) await session.write(data).catch(() => undefined);
      else if (channel === sessionChannels.inputEnd) session.endInput();
      else if (channel === sessionChannels.size) await resize(session, data);
    }
  } catch {
    session.close();
  }
}

async function resize(session: RuntimeSession, data: Uint8Array): Promise<void> {
  try {
    const { Width, Height } = decodeMessage(data) as unknown as TerminalSize;
    if (Width > 0 && Height > 0) await session.resize(Width, Height);
  } catch {
    // A size that cannot be had leaves the terminal as it was.
  }
}
