import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { RuntimeFault, type RuntimeSession, type SessionChunk, type SessionOptions } from '#ports';
import { endOf } from './exec.js';
import { toFault } from './faults.js';
import { FrameReader } from './frames.js';

/** Opens a program's input and output: one that is started in the container, or the container's own. */
export async function openSession(docker: Docker, id: string, options: SessionOptions): Promise<RuntimeSession> {
  const container = docker.getContainer(id);
  try {
    return options.command
      ? await execSession(container, options.command, options)
      : await attachSession(container, options);
  } catch (error) {
    throw toFault(error);
  }
}

async function execSession(
  container: Docker.Container,
  command: readonly string[],
  options: SessionOptions,
): Promise<RuntimeSession> {
  const { stdin, stdout, stderr, tty } = options;
  const exec = await container.exec({
    Cmd: [...command],
    AttachStdin: stdin,
    AttachStdout: stdout,
    AttachStderr: stderr && !tty,
    Tty: tty,
  });
  const connection = (await exec.start({ hijack: true, stdin, Tty: tty })) as Duplex;
  return new DockerSession(connection, tty, {
    resize: (columns, rows) => exec.resize({ w: columns, h: rows }),
    exitCode: async () => (await endOf(exec)).exitCode,
  });
}

async function attachSession(
  container: Docker.Container,
  { stdin, stdout, stderr }: SessionOptions,
): Promise<RuntimeSession> {
  const { Config } = await container.inspect();
  const connection = await container.attach({
    stream: true,
    hijack: true,
    logs: false,
    stdin,
    stdout,
    stderr: stderr || Config.Tty,
  });
  return new DockerSession(connection as Duplex, Config.Tty, {
    resize: (columns, rows) => container.resize({ w: columns, h: rows }),
    // Whoever joined a program reads its end off the pod: the session itself went well.
    exitCode: () => Promise.resolve(undefined),
  });
}

const CONNECT_MS = 30_000;

/** A TCP connection, both of whose directions end on their own. */
export async function connectTo(host: string, port: number): Promise<RuntimeSession> {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const late = setTimeout(() => socket.destroy(new Error('i/o timeout')), CONNECT_MS);
  try {
    await once(socket, 'connect').finally(() => clearTimeout(late));
  } catch (error) {
    throw new RuntimeFault(`failed to connect to port ${port}: ${(error as Error).message}`, 'other', { cause: error });
  }
  const nothing = (): Promise<undefined> => Promise.resolve(undefined);
  return new DockerSession(socket, true, { resize: nothing, exitCode: nothing });
}

interface Controls {
  resize(columns: number, rows: number): Promise<unknown>;
  exitCode(): Promise<number | undefined>;
}

class DockerSession implements RuntimeSession {
  readonly output: AsyncIterable<SessionChunk>;

  constructor(
    private readonly connection: Duplex,
    tty: boolean,
    private readonly controls: Controls,
  ) {
    // A program that ends resets the connection while its input is still being written.
    connection.on('error', () => undefined);
    this.output = chunks(connection, tty);
  }

  write(data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) =>
      this.connection.write(data, (error) => (error ? reject(error) : resolve())),
    );
  }
  endInput(): void {
    this.connection.end();
  }
  async resize(columns: number, rows: number): Promise<void> {
    try {
      await this.controls.resize(columns, rows);
    } catch (error) {
      throw toFault(error);
    }
  }
  async exitCode(): Promise<number | undefined> {
    try {
      return await this.controls.exitCode();
    } catch (error) {
      throw toFault(error);
    }
  }
  close(): void {
    this.connection.destroy();
  }
}

async function* chunks(connection: Duplex, tty: boolean): AsyncIterable<SessionChunk> {
  const reader = new FrameReader();
  try {
    for await (const chunk of connection as AsyncIterable<Buffer>) {
      if (tty) yield { channel: 1, data: chunk };
      else for (const { stream, bytes } of reader.push(chunk)) yield { channel: stream === 2 ? 2 : 1, data: bytes };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET' && (error as NodeJS.ErrnoException).code !== 'EPIPE')
      throw toFault(error);
  }
}
