import { PlatformModule, readSettings, runApp } from '#nest';
import { FeedModule } from './feed.module.js';

await runApp(() => {
  const platform = PlatformModule.forProcess(readSettings('feed', ['feed'], process.env));
  return { module: FeedModule, imports: [platform] };
});
