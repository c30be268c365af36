import type Docker from 'dockerode';
import type { ExecOptions, ExecResult } from '#ports';
import { toFault } from './faults.js';
import { FrameReader } from './frames.js';

/** Runs a command in a container and gathers what it writes. */
export async function execIn(
  docker: Docker,
  id: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  try {
    const exec = await docker.getContainer(id).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({ hijack: true, stdin: false });
    const { output, timedOut } = await gather(stream, options);
    if (timedOut) return { exitCode: -1, output, timedOut };
    const { ExitCode } = await exec.inspect();
    return { exitCode: ExitCode ?? -1, output, timedOut };
  } catch (error) {
    throw toFault(error);
  }
}

function gather(
  stream: NodeJS.ReadWriteStream,
  options: ExecOptions,
): Promise<{ readonly output: string; readonly timedOut: boolean }> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader();
    const parts: Buffer[] = [];
    let bytes = 0;
    const finish = (timedOut: boolean): void => {
      clearTimeout(timer);
      if (timedOut) (stream as unknown as { destroy(): void }).destroy();
      resolve({ output: Buffer.concat(parts).toString('utf8'), timedOut });
    };
    const timer = setTimeout(() => finish(true), options.timeoutMs);
    stream.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        const part = frame.bytes.subarray(0, Math.max(0, options.outputBytesMax - bytes));
        if (part.length > 0) parts.push(Buffer.from(part));
        bytes += part.length;
      }
    });
    stream.on('end', () => finish(false));
    stream.on('close', () => finish(false));
    stream.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
