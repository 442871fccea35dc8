import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectClient } from '../../src/client/index.ts';
import { jobWorkflowId, SEARCH_ATTRIBUTES, type JobView } from '../../src/protocol/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';
import { createLocalRuntime, RUNTIME, SECRET_PACKAGE, secretPackageConf } from '../stack/secret-cluster.ts';

/** Where distributions install Chromium; Chrome's own place last. */
const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const PICTURE = fileURLToPath(new URL('../../docs/images/job-in-temporal-ui.png', import.meta.url));
const PAGE_LIMIT_MS = 60_000;
const LOOK = { timeout: 30_000, interval: 300 };

describe('the page of a job in the Web UI of Temporal', { timeout: 3 * PAGE_LIMIT_MS }, () => {
  let stack: TestStack;
  let job: JobView;
  let profile: string;
  let browser: BrowserContext | undefined;
  let page: Page;

  beforeAll(async () => {
    if (BROWSER === undefined) return;
    stack = await startStack();
    await stack.startWorker();
    await createLocalRuntime(stack, '127.95.0.0/16');
    job = await runCreate(stack);
    profile = mkdtempSync(join(tmpdir(), 'windlass-browser-'));
    browser = await openBrowser(BROWSER, profile);
    page = await browser.newPage();
    page.setDefaultTimeout(PAGE_LIMIT_MS);
    await page.goto(toJobUrl(stack, job));
  }, 180_000);
  afterAll(async () => {
    if (BROWSER === undefined) return;
    await browser?.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    await stack.stop();
  });
  beforeEach((context) => {
    if (BROWSER === undefined) context.skip('no browser is installed');
  });

  it('reads as the job: what was done, and to which node', async () => {
    for (const action of ['PrepareNode', 'StartService']) {
      for (const node of [1, 2, 3]) {
        await page.getByText(`${action} • keeper ${node}`, { exact: true }).first().waitFor();
      }
    }
    const text = await page.locator('body').innerText();
    expect(text).toContain(jobWorkflowId(job.clusterId));
    expect(text.toUpperCase()).toContain('COMPLETED');
    expect(text).not.toContain('an-ordinary-password');
    if (process.env['UPDATE_SCREENSHOT'] === '1') {
      await mkdir(dirname(PICTURE), { recursive: true });
      await page.screenshot({ path: PICTURE });
    }
  });

  it('shows the table of steps as its current details', async () => {
    await page.getByRole('tab', { name: 'User Metadata' }).click();
    expect(job.steps.length).toBeGreaterThan(4);
    for (const { title } of job.steps) await expect.poll(() => readFrames(page), LOOK).toContain(title);
    const text = await readFrames(page);
    expect(text.match(/\bdone\b/g)).toHaveLength(job.steps.length);
    expect(text).toContain('create vault');
  });

  it('shows the search attributes by which it is found', async () => {
    await page.getByRole('tab', { name: 'Search Attributes' }).click();
    for (const name of Object.values(SEARCH_ATTRIBUTES)) {
      await expect.poll(() => readEditors(page), LOOK).toContain(name);
    }
    const text = await readEditors(page);
    for (const value of [job.jobId, job.clusterId, 'create', 'successful', 'vault']) {
      expect(text).toContain(JSON.stringify(value));
    }
  });
});

/** JSON is shown in editors, of other tabs too. */
async function readEditors(page: Page): Promise<string> {
  return (await page.locator('.cm-content').allTextContents()).join('\n');
}

/** Markdown of a workflow is shown in frames of its own. */
async function readFrames(page: Page): Promise<string> {
  const texts = await Promise.all(
    page.frames().map((frame) =>
      frame
        .locator('body')
        .innerText()
        .catch(() => ''),
    ),
  );
  return texts.join('\n');
}

async function runCreate(stack: TestStack): Promise<JobView> {
  // The picture shows who asked.
  const client = await connectClient({ env: stack.env, identity: 'somebody@example.org' });
  try {
    const { jobId, clusterId } = await client.clusters.create({
      app: SECRET_PACKAGE,
      runtime: RUNTIME,
      name: 'vault',
      conf: secretPackageConf({ count: 3 }),
    });
    return await client.jobs.wait(jobId, { clusterId });
  } finally {
    await client.close();
  }
}

function toJobUrl({ temporal }: TestStack, { clusterId }: JobView): string {
  const workflow = encodeURIComponent(jobWorkflowId(clusterId));
  return `${temporal.uiUrl}/namespaces/${temporal.namespace}/workflows/${workflow}`;
}

/** A browser that keeps to itself: no state of before, and nothing asked of the network but the page. */
function openBrowser(executablePath: string, userDataFolder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(userDataFolder, {
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    viewport: { width: 1440, height: 1200 },
  });
}
