import { readSettings, runApp } from '#nest';
import { say } from '#terminal';
import { AgentModule } from './agent.module.js';

// `--drain`: it ends its pods whenever it is told to stop.
const drain = process.argv.includes('--drain') && { SHIPLOG_DRAIN: 'always' };
const settings = readSettings('agent', ['agent'], { ...process.env, ...drain });
await runApp(
  () => AgentModule.forNode(settings),
  () => say(`agent: node ${settings.node} runs`),
  { mayDrain: () => settings.drain !== 'never' },
);
