import { readSettings, runApp, say } from '#nest';
import { AgentModule } from './agent.module.js';

const settings = readSettings('agent', ['agent'], process.env);
await runApp(
  () => AgentModule.forNode(settings),
  () => say(`agent: node ${settings.node} is on the bus`),
);
