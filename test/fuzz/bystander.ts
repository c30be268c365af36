import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How long others may wait while the server is fuzzed. */
const P99_MAX_MS = 50;
/** On a machine so slow that a read takes longer than that anyway, it may take this many times as long. */
const TIMES_MAX = 3;

/** Nor is a processor that is shared taken for slower than that. */
const SLOWNESS_MAX = 3;

interface Report {
  readonly status: number;
  readonly ms: number;
  /** What a fixed piece of work took. */
  readonly reference: number;
}

/** Measures an ordinary client while the server is left alone and while it is fuzzed. */
export class Bystander {
  private readonly child: ChildProcess;
  private readonly times = { quiet: [] as number[], fuzzed: [] as number[] };
  private readonly references = { quiet: [] as number[], fuzzed: [] as number[] };
  private phase: 'quiet' | 'fuzzed' = 'quiet';
  private failures = 0;

  constructor(kubeconfig: string, path: string, serverPid: number) {
    const program = fileURLToPath(new URL('benign.js', import.meta.url));
    this.child = fork(program, [kubeconfig, path, String(serverPid)]);
    this.child.on('message', (message) => this.take(message as Report));
  }

  during(phase: 'quiet' | 'fuzzed'): void {
    this.phase = phase;
  }

  get text(): string {
    const { quiet, fuzzed } = this.times;
    return `others' reads p99 ${p99(fuzzed).toFixed(0)} ms (left alone ${p99(quiet).toFixed(0)} ms, processor ${this.slowness.toFixed(1)} times slower than at best)`;
  }

  /** Compared with the same client on the same machine, in pauses of the same run: a loaded machine slows both down. */
  problem(): string | undefined {
    if (this.failures > 0) return `${this.failures} requests of another client were not answered with 200`;
    const { quiet, fuzzed } = this.times;
    if (quiet.length < 20 || fuzzed.length < 20) return undefined;
    const limit = Math.max(P99_MAX_MS * this.slowness, TIMES_MAX * p99(quiet));
    return p99(fuzzed) <= limit ? undefined : `${this.text}: more than ${limit.toFixed(0)} ms`;
  }

  /** How much longer a fixed piece of work takes while the server is fuzzed than it takes at best on this machine. */
  private get slowness(): number {
    const { quiet, fuzzed } = this.references;
    const best = Math.max(share([...quiet, ...fuzzed], 0.01), 0.01);
    return Math.min(Math.max(share(fuzzed, 0.5) / best, 1), SLOWNESS_MAX);
  }

  stop(): void {
    this.child.disconnect();
  }

  private take({ status, ms, reference }: Report): void {
    this.times[this.phase].push(ms);
    this.references[this.phase].push(reference);
    if (status !== 200) this.failures++;
  }
}

function p99(times: readonly number[]): number {
  return share(times, 0.99);
}
function share(times: readonly number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * part)] ?? 0;
}
