import { PlatformModule, readSettings, runApp } from '#nest';
import { ScalerModule } from './scaler.module.js';

await runApp(() => {
  const platform = PlatformModule.forProcess(readSettings('scaler', ['scaler'], process.env));
  return { module: ScalerModule, imports: [platform] };
});
