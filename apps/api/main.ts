import { PlatformModule, readSettings, runApp } from '#nest';
import { ApiModule } from './api.module.js';

await runApp(() => {
  const platform = PlatformModule.forProcess(readSettings('api', ['api'], process.env));
  return { module: ApiModule, imports: [platform] };
});
