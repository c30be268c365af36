import { chosenApps, readSettings, runApp } from '#nest';
import { greet, requireEngine } from './greeting.js';
import { StandaloneModule } from './standalone.module.js';

let mayDrain = false;
await runApp(
  async () => {
    const settings = readSettings('standalone', chosenApps(process.env), process.env);
    mayDrain = settings.drain !== 'never';
    await requireEngine(settings);
    return StandaloneModule.forSettings(settings);
  },
  greet,
  { mayDrain: () => mayDrain },
);
