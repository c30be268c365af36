import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/test-cluster.js';

/** The stand-in event store in a process of its own, which can be killed and frozen; its events survive on disk. */
export class EventStoreProcess {
  private child: ChildProcess | undefined;
  private port = 0;
  /** A disk of its own: the genuine server ends when its disk is full. */
  private readonly folder = mkdtempSync(join(tmpdir(), 'shiplog-event-store-'));

  get portNumber(): number {
    return this.port;
  }
  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  /** `slowStartMs`: listens first, and answers nothing, then not everything, for so long. */
  async start(slowStartMs = 0): Promise<void> {
    this.port ||= await freePort();
    const words = ['--port', String(this.port), '--data', join(this.folder, 'events')];
    words.push('--silent-ms', String(slowStartMs), '--unready-ms', String(slowStartMs));
    const child = spawn(process.execPath, [join(process.cwd(), 'dist/test/support/esdb/main.js'), ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`the stand-in event store ended with ${code}`)));
    });
  }

  /** SIGKILL, and a start some time later. */
  async restart(pauseMs: number, slowStartMs: number): Promise<void> {
    await this.end('SIGKILL');
    await sleep(pauseMs);
    await this.start(slowStartMs);
  }

  /** Connections stay open, nothing is answered. */
  async freeze(ms: number): Promise<void> {
    this.child?.kill('SIGSTOP');
    await sleep(ms);
    this.child?.kill('SIGCONT');
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
