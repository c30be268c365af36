import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAuditPolicy } from './audit-policy.js';
import { readSettings } from './settings.js';

describe('the policy file of the audit', () => {
  let folder: string;
  let path: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'shiplog-audit-'));
    path = join(folder, 'policy.yaml');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is the one that the settings name', () => {
    const { auditPolicy } = readSettings('api', ['api'], { SHIPLOG_HOME: folder, SHIPLOG_AUDIT_POLICY: path });
    expect(auditPolicy).toBe(path);
  });

  it('is read as the page about it writes it', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/audit.md'), 'utf8');
    writeFileSync(path, page.split('```yaml\n')[1]?.split('```')[0] ?? '');
    expect(() => readAuditPolicy(path)).not.toThrow();
  });

  it('ends the process with one sentence when it cannot be read, or is none', () => {
    expect(() => readAuditPolicy(join(folder, 'none'))).toThrow(
      /^SHIPLOG_AUDIT_POLICY names .*, which cannot be read: ENOENT/,
    );
    writeFileSync(path, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: All }]\n');
    expect(() => readAuditPolicy(path)).toThrow(/, which is no audit policy: rules\[0\]\.level: "All" is none of None/);
  });
});
