import { PlatformModule, readSettings, runApp } from '#nest';
import { SchedulerModule } from './scheduler.module.js';

await runApp(() => {
  const platform = PlatformModule.forProcess(readSettings('scheduler', ['scheduler'], process.env));
  return { module: SchedulerModule, imports: [platform] };
});
