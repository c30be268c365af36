import { PlatformModule, readSettings, runApp } from '#nest';
import { ControllersModule } from './controllers.module.js';

await runApp(() => {
  const platform = PlatformModule.forProcess(readSettings('controllers', ['controllers'], process.env));
  return { module: ControllersModule, imports: [platform] };
});
