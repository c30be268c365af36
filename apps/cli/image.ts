import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { pack } from 'tar-stream';
import { DockerRuntime } from '#adapters';
import { Fault } from '#std';
import { explain, say } from '#terminal';

const PLACES = ['/bin/busybox', '/usr/bin/busybox', '/usr/local/bin/busybox'];
const FOLDERS = ['bin', 'etc', 'tmp', 'root', 'var', 'var/tmp', 'home', 'proc', 'sys', 'dev', 'usr', 'usr/bin'];
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Makes an image out of this machine's static busybox: something to run where no registry can be reached.
 * Nothing but the image is made; running it again makes the same image.
 */
export async function imageBusybox(options: { readonly name: string }): Promise<void> {
  try {
    const path = PLACES.find((place) => existsSync(place));
    if (!path) {
      throw new Fault(
        'There is no busybox on this machine: on Debian, "apt-get install busybox-static" brings it.',
        false,
      );
    }
    const runtime = new DockerRuntime();
    const archive = await busyboxArchive(path);
    const { id } = await runtime.importImage(options.name, archive, { command: ['sh'], env: [PATH] });
    await runtime.close();
    say(`made ${options.name} (${id.replace('sha256:', '').slice(0, 12)})`);
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

async function busyboxArchive(path: string): Promise<Uint8Array> {
  const archive = pack();
  const chunks: Buffer[] = [];
  const done = new Promise<void>((resolve, reject) => {
    archive.on('data', (chunk: unknown) => void chunks.push(chunk as Buffer));
    archive.on('end', resolve);
    archive.on('error', reject);
  });
  const mtime = new Date(0);
  for (const name of FOLDERS)
    archive.entry({ name: `${name}/`, type: 'directory', mode: /tmp$/.test(name) ? 0o1777 : 0o755, mtime });
  archive.entry({ name: 'bin/busybox', mode: 0o755, mtime }, readFileSync(path));
  const applets = execFileSync(path, ['--list'], { encoding: 'utf8' }).split('\n');
  for (const applet of applets) {
    if (applet && applet !== 'busybox')
      archive.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox', mtime });
  }
  archive.entry(
    { name: 'etc/passwd', mode: 0o644, mtime },
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  );
  archive.entry({ name: 'etc/group', mode: 0o644, mtime }, 'root:x:0:\nnobody:x:65534:\n');
  archive.finalize();
  await done;
  return Buffer.concat(chunks);
}
