// Makes of each compiled program (dist/apps/<name>/main.js) one that loads a few files instead of some 2,700: those that
// programs share stand in dist/apps/chunks. Runs after the compiler, which has written the programs anew.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { root } from './setup.mjs';

const dist = join(root, 'dist');

/** Programs and chunks stand two folders below dist: from there a module of ours finds what it stood beside. */
const itsOwnPlace = {
  name: 'its-own-place',
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, ({ path }) => {
      const place = relative(dist, path);
      if (place.startsWith('..')) return undefined;
      const own = `new URL(${JSON.stringify(`../../${place}`)}, import.meta.url).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', own) };
    });
  },
};

await build({
  absWorkingDir: root,
  entryPoints: globSync('dist/apps/*/main.js', { cwd: root }),
  outbase: dist,
  outdir: dist,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  chunkNames: 'apps/chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // What was compiled is bundled, not the sources: decorators need the types that only their compiler knows.
  tsconfigRaw: '{}',
  // Errors of this client are told apart by the names of their classes, and a bundle may change those; few clusters load it.
  external: ['@eventstore/db-client', ...absentPeersOf('@nestjs/common', '@nestjs/core', '@nestjs/microservices')],
  plugins: [itsOwnPlace],
  // Packages in CommonJS load Node's modules with it.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
});

/** What these packages load where it is installed, and is not. */
function absentPeersOf(...names) {
  const isThere = (name) => existsSync(join(root, 'node_modules', name));
  const packages = names.map((name) =>
    JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')),
  );
  const optional = packages.flatMap(({ peerDependenciesMeta = {} }) => Object.keys(peerDependenciesMeta));
  return optional.filter((name) => !isThere(name)).flatMap((name) => [name, `${name}/*`]);
}
