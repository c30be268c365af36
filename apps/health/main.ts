import { PlatformModule, readSettings, runApp } from '#nest';
import { HealthModule } from './health.module.js';

await runApp(() => {
  const platform = PlatformModule.forProcess(readSettings('health', ['health'], process.env));
  return { module: HealthModule, imports: [platform] };
});
