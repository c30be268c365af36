import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { expiryOf, privateFolders, writePrivateFile } from '#adapters';
import { agentPermissions } from '#engine';
import { explain, say } from '#terminal';
import { credentialsPath } from './agent-host.js';
import { agentPidFile, spawnAgent, stopAgentOf } from './agent-program.js';
import { Platform } from './platform.js';
import { apiAddress } from './settings.js';
import { DRAIN_MS, isDraining } from './stopping.js';

const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 5_000;
const HEALTHY_MS = 10_000;
const ADMIT_MS = 5_000;
const STOPPED_MS = 5_000;

/**
 * Standalone's agent: a process of its own, with credentials of its own, started again when it dies. What it runs goes on
 * without it, and one that a killed standalone left behind is replaced.
 */
@Injectable()
export class AgentProcess implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private child: ChildProcess | undefined;
  private stopping = false;
  private delayMs = RESTART_FIRST_MS;
  private restart: NodeJS.Timeout | undefined;
  private readonly pidFile: string;
  private admitting: NodeJS.Timeout | undefined;
  /** When the credential that was written last ends. */
  private expires = 0;
  /** The CAs that it names. */
  private ca = '';
  private isStale = false;
  private isTold = false;

  constructor(private readonly platform: Platform) {
    this.pidFile = agentPidFile(platform.settings);
  }

  async onApplicationBootstrap(): Promise<void> {
    const { settings } = this.platform;
    privateFolders(settings.home, 'agent', settings.node);
    await stopAgentOf(settings);
    await this.admit();
    this.admitting = setInterval(() => void this.admit(), ADMIT_MS).unref();
    this.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    clearInterval(this.admitting);
    clearTimeout(this.restart);
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const drainMs = (await isDraining(this.platform.settings)) ? DRAIN_MS : 0;
    const timer = setTimeout(() => child.kill('SIGKILL'), STOPPED_MS + drainMs);
    await gone;
    clearTimeout(timer);
    rmSync(this.pidFile, { force: true });
  }

  /** Gives the agent a credential where it has none that is good: at first, after a long sleep, when it is allowed again, or when the bus has another CA. */
  private async admit(): Promise<void> {
    const { settings, admission, busUrl, caCertificate } = this.platform;
    // A credential from before it was revoked stays revoked.
    this.isStale ||= admission.isRevoked(settings.node);
    const isGood = this.expires > this.platform.plane.options.clock.now() && this.ca === caCertificate;
    if (isGood && !this.isStale) return;
    try {
      const user = await admission.issue(settings.node, agentPermissions(settings.node));
      writePrivateFile(credentialsPath(settings), JSON.stringify({ url: busUrl, ca: caCertificate, ...user }));
      this.expires = expiryOf(user.jwt) ?? Infinity;
      this.ca = caCertificate;
      this.isStale = false;
      this.isTold = false;
    } catch (cause) {
      if (!this.isTold) say(`the agent gets no credential: ${explain(cause)}`);
      this.isTold = true;
    }
  }

  private start(): void {
    const { settings } = this.platform;
    const startedAt = performance.now();
    const child = spawnAgent(settings, {
      // The agent leads pods to an API that listens on loopback.
      env: { SHIPLOG_API_ADDRESS: apiAddress(settings) },
    });
    this.child = child;
    child.once('error', (error) => say(`the agent cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      if (this.stopping) return;
      const wasHealthy = performance.now() - startedAt > HEALTHY_MS;
      this.delayMs = wasHealthy ? RESTART_FIRST_MS : Math.min(this.delayMs * 2, RESTART_MAX_MS);
      say(`the agent stopped (${signal ?? code}), starting it again`);
      this.restart = setTimeout(() => this.start(), this.delayMs);
    });
  }
}
