// npm run build: packages and compiled code.
import { build, install, main } from './setup.mjs';

await main(() => {
  install();
  build({ force: process.argv.includes('--force') });
});
