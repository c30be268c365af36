import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileKeyStore } from './keys/file-key-store.js';
import {
  closeGivenFolder,
  privateFolder,
  privateFolders,
  readGivenSecret,
  readPrivateFile,
  writePrivateFile,
} from './private-files.js';
import { closeToOthers } from './event-log/sqlite/private-log.js';

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const STRANGER = 4242;

describe('files of this user alone', () => {
  let folder = '';
  const at = (...names: string[]): string => join(folder, ...names);
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'shiplog-private-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are in folders that only the user may enter, and that are verified when they are there already', () => {
    expect(privateFolders(folder, 'a', 'b')).toBe(at('a', 'b'));
    expect([modeOf(at('a')), modeOf(at('a', 'b'))]).toEqual([0o700, 0o700]);
    chmodSync(at('a'), 0o755);
    privateFolder(at('a'));
    expect(modeOf(at('a'))).toBe(0o700);
    chmodSync(at('a'), 0o770);
    expect(() => privateFolder(at('a'))).toThrow('can be written by other users');
    chmodSync(at('a'), 0o700);
    chownSync(at('a'), STRANGER, STRANGER);
    expect(() => privateFolder(at('a'))).toThrow(`${at('a')} belongs to user ${STRANGER}`);
    symlinkSync('a', at('link'));
    expect(() => privateFolder(at('link'))).toThrow('is a link or no folder');
    writeFileSync(at('file'), '');
    expect(() => privateFolder(at('file'))).toThrow('is a link or no folder');
  });

  it('are read and written only as regular files of the user', () => {
    writeFileSync(at('wide'), 'before', { mode: 0o644 });
    expect(readPrivateFile(at('wide'))).toBe('before');
    expect(modeOf(at('wide'))).toBe(0o600);
    chmodSync(at('wide'), 0o666);
    writePrivateFile(at('wide'), 'after');
    expect([readPrivateFile(at('wide')), modeOf(at('wide'))]).toEqual(['after', 0o600]);
    symlinkSync('wide', at('link'));
    expect(() => readPrivateFile(at('link'))).toThrow('is a link');
    writePrivateFile(at('link'), 'not through the link');
    expect(readPrivateFile(at('wide'))).toBe('after');
    mkdirSync(at('folder'));
    expect(() => readPrivateFile(at('folder'))).toThrow('is not a regular file');
    chownSync(at('wide'), STRANGER, STRANGER);
    expect(() => readPrivateFile(at('wide'))).toThrow(`belongs to user ${STRANGER}`);
    expect(readdirSync(folder).sort()).toEqual(['folder', 'link', 'wide']);
  });

  it('may be given by somebody else where others cannot read them', () => {
    writeFileSync(at('given'), 'secret', { mode: 0o640 });
    symlinkSync('given', at('mounted'));
    expect(readGivenSecret(at('mounted'))).toBe('secret');
    chmodSync(at('given'), 0o644);
    expect(() => readGivenSecret(at('given'))).toThrow('can be read by other users: close it to them by chmod 600');
  });

  it('are in a data folder that is closed to others', () => {
    chmodSync(folder, 0o755);
    symlinkSync(folder, `${folder}-link`);
    closeGivenFolder(`${folder}-link`);
    rmSync(`${folder}-link`);
    expect(modeOf(folder)).toBe(0o700);
    chownSync(folder, STRANGER, STRANGER);
    expect(() => closeGivenFolder(folder)).toThrow(`belongs to user ${STRANGER}`);
    chownSync(folder, 0, 0);
  });

  it('hold the keys and the log', () => {
    const keys = new FileKeyStore(at('keys'));
    keys.createOnce('secrets/one', 'key');
    for (const path of [at('keys'), at('keys', 'secrets')]) expect(modeOf(path)).toBe(0o700);
    rmSync(at('keys', 'secrets', 'one'));
    symlinkSync('/etc/hostname', at('keys', 'secrets', 'one'));
    expect(() => keys.read('secrets/one')).toThrow('is a link');
    for (const side of ['', '-wal', '-shm']) writeFileSync(at(`events.db${side}`), '', { mode: 0o644 });
    closeToOthers(at('events.db'));
    closeToOthers(at('fresh.db'));
    for (const name of ['events.db', 'events.db-wal', 'events.db-shm', 'fresh.db'])
      expect(modeOf(at(name))).toBe(0o600);
    symlinkSync('events.db', at('link.db'));
    expect(() => closeToOthers(at('link.db'))).toThrow('is a link');
  });
});
