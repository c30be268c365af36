import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How long others may wait while the server is fuzzed. */
const P99_MAX_MS = 50;
/** On a machine so slow that a read takes longer than that anyway, it may take this many times as long. */
const TIMES_MAX = 3;

/** Measures an ordinary client while the server is left alone and while it is fuzzed. */
export class Bystander {
  private readonly child: ChildProcess;
  private readonly times = { quiet: [] as number[], fuzzed: [] as number[] };
  private phase: 'quiet' | 'fuzzed' = 'quiet';
  private failures = 0;

  constructor(kubeconfig: string, path: string, serverPid: number) {
    const program = fileURLToPath(new URL('benign.js', import.meta.url));
    this.child = fork(program, [kubeconfig, path, String(serverPid)]);
    this.child.on('message', (message) => this.take(message as { readonly status: number; readonly ms: number }));
  }

  during(phase: 'quiet' | 'fuzzed'): void {
    this.phase = phase;
  }

  get text(): string {
    const { quiet, fuzzed } = this.times;
    return `others' reads p99 ${p99(fuzzed).toFixed(0)} ms (left alone ${p99(quiet).toFixed(0)} ms)`;
  }

  /** Compared with the same client on the same machine, in pauses of the same run: a loaded machine slows both down. */
  problem(): string | undefined {
    if (this.failures > 0) return `${this.failures} requests of another client were not answered with 200`;
    const { quiet, fuzzed } = this.times;
    if (quiet.length < 20 || fuzzed.length < 20) return undefined;
    const limit = Math.max(P99_MAX_MS, TIMES_MAX * p99(quiet));
    return p99(fuzzed) <= limit ? undefined : `${this.text}: more than ${limit.toFixed(0)} ms`;
  }

  stop(): void {
    this.child.disconnect();
  }

  private take({ status, ms }: { readonly status: number; readonly ms: number }): void {
    this.times[this.phase].push(ms);
    if (status !== 200) this.failures++;
  }
}

function p99(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}
