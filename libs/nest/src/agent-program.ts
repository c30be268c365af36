import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentEnvironment, stopProcessOf } from '#adapters';
import { agentFolder, credentialsPath, memoryFolder } from './agent-host.js';
import type { Settings } from './settings.js';

/**
 * An agent allocates little: a small young generation saves tens of megabytes, and to collect it with one thread takes less than half of the
 * processor time that waking several does.
 */
export const SMALL = ['--max-semi-space-size=2', '--single-threaded-gc'];

export interface AgentProgramOptions {
  /** More of its environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: it has our output. */
  readonly stdio?: StdioOptions;
}

/** Starts the agent of a data folder as a process of its own, in a group of its own: Ctrl-C in the terminal is for whoever started it. */
export function spawnAgent(settings: Settings, { env, stdio }: AgentProgramOptions): ChildProcess {
  // For `npm run down`: volumes in memory outlive the processes.
  writeFileSync(join(settings.home, 'memory-folders'), `${memoryFolder(settings)}\n`);
  const child = spawn(process.execPath, [...process.execArgv, ...SMALL, agentMain()], {
    env: {
      ...agentEnvironment(process.env),
      SHIPLOG_HOME: settings.home,
      SHIPLOG_NODE: settings.node,
      SHIPLOG_CREDENTIALS: credentialsPath(settings),
      ...env,
    },
    detached: true,
    stdio: stdio ?? ['ignore', 'inherit', 'inherit'],
  });
  if (child.pid !== undefined) writeFileSync(agentPidFile(settings), `${child.pid}\n`, { mode: 0o600 });
  return child;
}

/** Stops one that was left behind. */
export function stopAgentOf(settings: Settings): Promise<void> {
  return stopProcessOf(agentPidFile(settings), agentMain());
}

export function agentPidFile(settings: Settings): string {
  return join(agentFolder(settings), 'pid');
}

/** The agent app beside the app that runs here: dist/apps/agent/main.js. */
function agentMain(): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'apps', 'agent', 'main.js');
}
