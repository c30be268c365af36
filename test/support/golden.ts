import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * A golden file is a terminal session: lines that begin with `$ ` are commands (`$ (3s) …` is interrupted after so long),
 * what follows is what they print. Lines that begin with `#` are remarks. What differs from run to run is masked.
 */
export interface Step {
  readonly remarks: readonly string[];
  readonly command: string;
  readonly seconds: number | undefined;
  readonly expected: string;
}

export function readGolden(path: string): readonly Step[] {
  const steps: { remarks: string[]; command: string; seconds: number | undefined; lines: string[] }[] = [];
  let remarks: string[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const command = /^\$ (?:\((\d+)s\) )?(.*)$/.exec(line);
    if (command) {
      steps.push({
        remarks,
        command: command[2] ?? '',
        seconds: command[1] ? Number(command[1]) : undefined,
        lines: [],
      });
      remarks = [];
    } else if (line.startsWith('#')) remarks.push(line);
    else steps.at(-1)?.lines.push(line);
  }
  return steps.map(({ lines, ...step }) => ({ ...step, expected: lines.join('\n').trimEnd() }));
}

export function writeGolden(path: string, steps: readonly (Step & { readonly got: string })[]): void {
  const text = steps.map(({ remarks, command, seconds, got }) =>
    [...remarks, `$ ${seconds ? `(${seconds}s) ` : ''}${command}`, ...(got ? [got] : [])].join('\n'),
  );
  writeFileSync(path, `${text.join('\n\n')}\n`);
}

/** Runs a command line in a shell; both streams together, as a terminal shows them. */
export function runLine(command: string, env: NodeJS.ProcessEnv, seconds: number | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', `exec 2>&1; ${command}`], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const interrupt = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGINT'), (seconds ?? 60) * 1000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(interrupt);
      resolve(code && !seconds ? `${output.trimEnd()}\n[exit ${code}]` : output);
    });
  });
}

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Takes out uids, times, ages, addresses, generated names and the width of columns. */
export function masked(text: string, words: Readonly<Record<string, string>>): string {
  let out = text;
  for (const [word, mask] of Object.entries(words)) if (word) out = out.replaceAll(word, mask);
  out = out
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\b/g, '<time>')
    .replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>')
    .replace(/\b(docker|containerd):\/\/[0-9a-f]{64}/g, '<container>')
    .replace(/sha256:[0-9a-f]{64}/g, '<digest>')
    .replace(/X509SHA256=[0-9a-f]{64}/g, 'X509SHA256=<digest>')
    .replace(/\b10\.96\.\d+\.\d+\b/g, '<ip>')
    .replace(/\b10\.\d+\.\d+\.\d+(\/\d+)?\b/g, '<pod-ip>')
    .replace(/\b192\.\d+\.\d+\.\d+\b/g, '<host-ip>')
    .replace(/\/tmp\/(LIVE|MERGED)-\d+/g, '/tmp/$1')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}/g, '<time>')
    .replace(new RegExp(`\\b([a-z]+)-[${LETTERS}]{9,10}-[${LETTERS}]{5}\\b`, 'g'), '$1-<hash>-<5>')
    .replace(new RegExp(`\\b([a-z]+)-[${LETTERS}]{9,10}\\b`, 'g'), '$1-<hash>')
    .replace(new RegExp(`pod-template-hash=[${LETTERS}]{9,10}\\b`, 'g'), 'pod-template-hash=<hash>')
    .replace(new RegExp(`kube-api-access-[${LETTERS}]{5}`, 'g'), 'kube-api-access-<5>')
    .replace(new RegExp(`\\b(web)-[${LETTERS}]{5}\\b`, 'g'), '$1-<5>')
    .replace(/(the event log is at )\d+/g, '$1<rv>')
    .replace(/(resourceVersion:? *"?)\d+/g, '$1<rv>')
    .replace(/\((x\d+ over )?\d+[smhd](\d+[smhd])? ago\)/g, '(<age> ago)')
    .replace(
      /(?<=\s)(?<!cpu:\s+)(<invalid>|\d+d\d+h|\d+h\d+m|\d+m\d+s|\d+[smhd])( \((x\d+ over )[^)]*\))?(?=\s|$)/gm,
      '<age>',
    );
  const lines = out.split('\n').map((line) => line.trimEnd().replace(/(\S) {2,}/g, '$1  '));
  return inOrder(lines.filter((line) => !PROGRESS.test(line)))
    .join('\n')
    .trimEnd();
}

/** How often `rollout status` tells of a rollout on its way depends on the machine's speed. */
const PROGRESS = /^Waiting for deployment ".*" rollout to finish: \d+ (of|out of|old) .*\.\.\.$/;
const EVENT = /^ *(<age> +)?(Normal|Warning) /;

/** Events of one second stand in any order: neighbours are sorted. */
function inOrder(lines: readonly string[]): readonly string[] {
  const out: string[] = [];
  let events: string[] = [];
  for (const line of [...lines, '']) {
    if (EVENT.test(line)) events.push(line);
    else {
      out.push(...events.sort(), line);
      events = [];
    }
  }
  return out;
}
