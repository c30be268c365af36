import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ExecOptions, ExecResult } from '#ports';
import { RuntimeFault } from '#ports';
import { within } from '../../within.js';
import { toFault } from './faults.js';
import { FrameReader } from './frames.js';

const ENDING_MS = 2000;
const ENDING_STEP_MS = 20;

/** Runs a command in a container and gathers what it writes. */
export async function execIn(
  docker: Docker,
  id: string,
  command: readonly string[],
  options: ExecOptions & { readonly answerMs: number },
): Promise<ExecResult> {
  try {
    const made = docker.getContainer(id).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
    const exec = await within(made, options.answerMs);
    const stream = await within(exec.start({ hijack: true, stdin: false }), options.answerMs);
    const { output, timedOut } = await gather(stream, options);
    const { started, exitCode } = await endOf(exec, timedOut ? 0 : Math.max(options.timeoutMs, ENDING_MS));
    if (exitCode !== undefined) return { exitCode, output, timedOut: false };
    // A busy engine that never came to starting the command says nothing about the container.
    if (!started) throw new RuntimeFault('the engine did not start the command in time', 'unavailable');
    return { exitCode: -1, output, timedOut: true };
  } catch (error) {
    throw toFault(error);
  }
}

/** How the command ended. Its output may end a moment before the engine knows its exit code. */
export async function endOf(
  exec: Docker.Exec,
  waitMs = ENDING_MS,
): Promise<{ readonly started: boolean; readonly exitCode?: number }> {
  for (let waited = 0; ; waited += ENDING_STEP_MS) {
    const { Running, ExitCode, Pid } = await exec.inspect();
    if (!Running && ExitCode !== null) return { started: true, exitCode: ExitCode };
    if (waited >= waitMs) return { started: Pid > 0 };
    await sleep(ENDING_STEP_MS);
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
