import { chosenApps, readSettings, runApp } from '#nest';
import { greet, requireEngine } from './greeting.js';
import { StandaloneModule } from './standalone.module.js';

await runApp(async () => {
  const settings = readSettings('standalone', chosenApps(process.env), process.env);
  await requireEngine(settings);
  return StandaloneModule.forSettings(settings);
}, greet);
