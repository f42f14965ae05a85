// The pages for people at homes, as a browser has them. Arguments: the browser, origin, a user, another
// user, and the password of both. With CHAPAR_SCREENSHOTS, a folder, the pages are kept there as
// pictures.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [executablePath, origin, user, other, password] = process.argv.slice(2);
const pictures = process.env.CHAPAR_SCREENSHOTS;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const check = (name, holds, said = '') => {
  const why = () => (typeof said === 'string' ? said : JSON.stringify(said)).slice(0, 300);
  console.log(holds ? `ok browser ${name}` : `not ok browser ${name}: ${why().replace(/\n/g, ' ')}`);
};
const same = (name, found, expected) =>
  check(name, JSON.stringify(found) === JSON.stringify(expected), { found, expected });

const lines = (...text) => [...text, ''].join('\r\n');
const kinds = [
  {
    kind: 'calendars', title: 'Calendars', noun: 'calendar', first: 'personal', file: 'a.ics',
    type: 'text/calendar', colour: true, make: 'MKCALENDAR',
    object: lines('BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//Test//EN', 'BEGIN:VEVENT', 'UID:a',
      'DTSTAMP:20260101T000000Z', 'DTSTART:20260301T090000Z', 'SUMMARY:Dentist', 'END:VEVENT',
      'END:VCALENDAR'),
    holds: /SUMMARY:Dentist/,
  },
  {
    kind: 'addressbooks', title: 'Address books', noun: 'address book', first: 'Personal', file: 'a.vcf',
    type: 'text/vcard', colour: false, make: 'MKCOL',
    object: lines('BEGIN:VCARD', 'VERSION:3.0', 'UID:a', 'FN:Dentist', 'N:Dentist;;;;', 'END:VCARD'),
    holds: /FN:Dentist/,
  },
];
// What a name would have to be to run.
const HOSTILE = `<script>document.title='run'</script><img src=x onerror="document.title='run'">" '`;

// dav(METHOD, PATH, ...): as WebDAV clients ask; null for nobody.
const dav = async (who, method, path, body, headers = {}) => {
  const authorization = who && `Basic ${Buffer.from(`${who}:${password}`).toString('base64')}`;
  const sent = { ...(authorization && { authorization }), ...headers };
  const response = await fetch(origin + path, { method, body, headers: sent, redirect: 'manual' });
  return { status: response.status, text: await response.text() };
};

const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const visit = (options = {}) =>
  browser.newContext({ httpCredentials: { username: user, password }, acceptDownloads: true, ...options });

// A site of somebody else's, with a form that sends itself to ours.
const forged = (action, fields) => {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
  return `<form method="post" action="${action}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`;
};
let evil = '';
const site = createServer((_, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(evil);
});
await new Promise((listens) => site.listen(0, '127.0.0.1', listens));

// judgeAccess(NAME, PAGE): what axe has to say of it.
const judgeAccess = async (name, page) => {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
  const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
  check(`${name}: axe finds nothing`, passes.length > 0 && !said.length, said.join('; '));
};

// What can be used on a page, as people read it aloud: by the tree of who cannot see it.
const usable = (page) =>
  page.evaluate(() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select')].length);

for (const one of kinds) {
  const { kind, title, noun } = one;
  const home = `/dav/${kind}/user/${user}/`;
  const said = [];
  try {
    const context = await visit();
    const page = await context.newPage();
    page.on('console', (message) => {
      // A refused form is an answer with an error, which the browser tells.
      if (!/the server responded with a status of (403|409)/.test(message.text())) said.push(message.text());
    });
    page.on('pageerror', (error) => said.push(error.message));
    page.on('dialog', (dialog) => {
      said.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    const region = (name) => page.getByRole('region', { name, exact: true });
    const headings = () => page.getByRole('heading', { level: 2 }).allTextContents();
    const press = async (where, name) => {
      await Promise.all([page.waitForEvent('load'), where.getByRole('button', { name, exact: true }).click()]);
    };
    const picture = async (name) =>
      pictures && page.screenshot({ path: `${pictures}/${kind}-${name}.png`, fullPage: true });

    // What others share with the user is offered.
    const shared = `/dav/${kind}/user/${other}/shared/`;
    await dav(other, 'PROPFIND', `/dav/${kind}/user/${other}/`);
    const body = `<D:mkcol xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype>
      <D:collection/><A:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>`;
    const made = await dav(other, one.make, shared, one.make === 'MKCOL' ? body : undefined,
      { 'content-type': 'application/xml' });
    same(`${kind}: another's ${noun}`, made.status, 201);
    const granted = await dav(other, 'ACL', shared,
      `<D:acl xmlns:D="DAV:"><D:ace><D:principal><D:self/></D:principal><D:grant><D:privilege><D:all/></D:privilege></D:grant></D:ace>
      <D:ace><D:principal><D:href>/dav/principals/user/${user}/</D:href></D:principal><D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace></D:acl>`,
      { 'content-type': 'application/xml' });
    same(`${kind}: is shared`, granted.status, 200);

    const arrived = await page.goto(origin + home);
    same(`${kind}: there is a page`, [arrived.status(), await page.title()], [200, title]);
    check(`${kind}: the first ${noun} is on it`, (await headings()).includes(one.first), await headings());

    // Made by keys alone, from the top of the page.
    const name = region(`New ${noun}`).getByLabel('Name');
    for (let pressed = 0; pressed < 50; pressed += 1) {
      await page.keyboard.press('Tab');
      if (await name.evaluate((field) => field === document.activeElement)) break;
    }
    await page.keyboard.type('By keys');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    check(`${kind}: one is made by keys`, (await headings()).includes('By keys'), await headings());

    await name.fill('Work');
    if (one.colour) {
      await region(`New ${noun}`).getByLabel('Colour').fill('#228855');
      await region(`New ${noun}`).getByLabel('For').selectOption({ label: 'events' });
    }
    await press(region(`New ${noun}`), 'Make it');
    check(`${kind}: one is made`, (await headings()).includes('Work'), await headings());
    await region('Work').getByLabel('Name').fill('Work & more');
    await press(region('Work'), 'Rename');
    const work = region('Work & more');
    check(`${kind}: renamed`, (await work.count()) === 1, await headings());
    const link = work.getByRole('link', { name: 'Download', exact: true });
    const path = await link.getAttribute('href');
    if (one.colour) {
      same(`${kind}: the colour it was made with`, await work.getByLabel('Colour').inputValue(), '#228855');
      await work.getByLabel('Colour').fill('#cc3300');
      await press(work, 'Recolour');
      same(`${kind}: recoloured`, await work.getByLabel('Colour').inputValue(), '#cc3300');
      const asked = '<D:propfind xmlns:D="DAV:" xmlns:I="http://apple.com/ns/ical/"><D:prop><I:calendar-color/><D:displayname/></D:prop></D:propfind>';
      const told = await dav(user, 'PROPFIND', path, asked, { depth: '0', 'content-type': 'application/xml' });
      check(`${kind}: clients see name and colour`, /#cc3300/i.test(told.text) && /Work &amp; more/.test(told.text), told.text);
      const webcal = await work.getByRole('link', { name: /^Subscribe/ }).getAttribute('href');
      same(`${kind}: a link to subscribe by`, webcal, `${origin.replace(/^http/, 'webcal')}${path}`);
    }

    const put = await dav(user, 'PUT', path + one.file, one.object, { 'content-type': one.type });
    same(`${kind}: an object is stored`, put.status, 201);
    const [download] = await Promise.all([page.waitForEvent('download', { timeout: 10_000 }), link.click()]);
    const text = await readFile(await download.path(), 'utf8');
    check(`${kind}: downloaded`, one.holds.test(text), text);
    check(`${kind}: as a file of that name`, download.suggestedFilename().includes('Work'), download.suggestedFilename());

    await press(work, 'Share with everyone');
    check(`${kind}: the page says that everyone can read it`, /Everyone can read this/.test(await work.innerText()));
    const everyone = await dav(null, 'GET', path);
    check(`${kind}: everyone can`, everyone.status === 200 && one.holds.test(everyone.text), everyone);
    await press(work, 'Stop sharing with everyone');
    same(`${kind}: and can no longer`, (await dav(null, 'GET', path)).status, 401);

    // Names are text, and so are those that clients give to URLs.
    await name.fill(HOSTILE);
    await press(region(`New ${noun}`), 'Make it');
    const hostile = region(HOSTILE.trim());
    check(`${kind}: a script in a name stays text`, (await headings()).includes(HOSTILE.trim()), await headings());
    same(`${kind}: in its field, too`, await hostile.getByLabel('Name').inputValue(), HOSTILE.trim());
    same(`${kind}: and does not run`, [await page.title(), await page.locator('img, script').count()], [title, 0]);
    const odd = `${home}a%20b%22%3Cb%3E/`;
    const oddly = await dav(user, one.make, odd, one.make === 'MKCOL' ? body : undefined, { 'content-type': 'application/xml' });
    same(`${kind}: a name in a URL with spaces`, oddly.status, 201);

    await page.reload();
    const places = region(`${title} of others`);
    await press(places, 'Subscribe');
    check(`${kind}: subscribed`, (await places.count()) === 0 && (await dav(user, 'GET', `${home}${other}.shared/`)).status === 200, await headings());
    await judgeAccess(kind, page);
    await picture('page');
    const subscribed = page.getByRole('region').filter({ has: page.getByRole('button', { name: 'Unsubscribe', exact: true }) });
    await press(subscribed, 'Unsubscribe');
    check(`${kind}: unsubscribed`, (await places.count()) === 1, await headings());
    same(`${kind}: the other's is still there`, (await dav(other, 'GET', shared)).status, 200);
    await judgeAccess(`${kind} with an offer`, page);

    // By keys: all can be come to, in the order in which it stands there, is seen to have been come to,
    // and says what it is.
    await page.evaluate(() => document.activeElement.blur());
    const reached = [];
    for (let pressed = 0; pressed < (await usable(page)); pressed += 1) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => {
        const all = [...document.querySelectorAll('a, button, input:not([type=hidden]), select')];
        const at = document.activeElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        return { at: all.indexOf(at), seen: outlineStyle !== 'none' && outlineWidth !== '0px' };
      }));
    }
    same(`${kind}: keys come to everything in order`, reached.map(({ at }) => at), [...reached.keys()]);
    check(`${kind}: where they are is seen`, reached.every(({ seen }) => seen), reached);
    const tree = await page.locator('body').ariaSnapshot();
    const unnamed = tree.match(/^\s*- (button|link|textbox|combobox|checkbox|region)(:.*)?$/gm);
    check(`${kind}: everything says what it is`, /button "Rename"/.test(tree) && !unnamed, unnamed ?? tree);

    // Not without being sure; then for ever.
    const sure = work.getByRole('checkbox');
    await work.getByRole('button', { name: 'Delete', exact: true }).click();
    check(`${kind}: nothing is deleted without a tick`, await sure.evaluate((box) => box.validity.valueMissing) && (await work.count()) === 1);
    await sure.focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    same(`${kind}: deleted by keys`, [await work.count(), (await dav(user, 'GET', path)).status], [0, 404]);

    // What cannot be is said, on the page.
    const first = region(one.first);
    await first.getByLabel('Name').evaluate((field) => { field.removeAttribute('required'); field.value = ''; });
    await press(first, 'Rename');
    const alert = await page.getByRole('alert').innerText();
    check(`${kind}: what went wrong is said`, /a name is needed/.test(alert), alert);
    await judgeAccess(`${kind} with an error`, page);
    await picture('error');

    // A small and dark place: nothing sticks out.
    const small = await (await visit({ viewport: { width: 360, height: 640 }, colorScheme: 'dark' })).newPage();
    await small.goto(origin + home);
    const widths = await small.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    check(`${kind}: fits a telephone`, widths[0] <= widths[1], widths);
    await judgeAccess(`${kind} in the dark`, small);
    if (pictures) await small.screenshot({ path: `${pictures}/${kind}-small.png`, fullPage: true });

    // Another site knows no password, but the browser does.
    const before = await dav(user, 'PROPFIND', home, undefined, { depth: '1' });
    evil = forged(origin + home, { action: 'create', displayname: 'Forged', colour: '#000000' });
    const victim = await context.newPage();
    const hits = [];
    victim.on('response', (response) => {
      if (response.url() === origin + home) hits.push(response.status());
    });
    for (const host of ['localhost', '127.0.0.1']) {
      hits.length = 0;
      const answered = victim.waitForResponse((response) => response.url() === origin + home && response.status() !== 401);
      await victim.goto(`http://${host}:${site.address().port}/`).catch(() => {});
      await answered;
      same(`${kind}: a form of ${host === 'localhost' ? 'another site' : 'another port'} is refused`, hits.at(-1), 403);
    }
    const after = await dav(user, 'PROPFIND', home, undefined, { depth: '1' });
    check(`${kind}: and changes nothing`, !after.text.includes('Forged') && before.text.length === after.text.length, after.text);
    await victim.setContent(`<iframe src="${origin + home}"></iframe>`);
    await victim.goto('about:blank');
    evil = `<iframe src="${origin + home}"></iframe>`;
    await victim.goto(`http://localhost:${site.address().port}/`);
    const framed = victim.frames().find((frame) => frame !== victim.mainFrame());
    const inside = await framed.locator('h1').count();
    same(`${kind}: no other site shows the page in a frame`, inside, 0);
    same(`${kind}: the browser has nothing to complain of`, said, []);
    await context.close();
  } catch (error) {
    check(kind, false, error.stack);
  }
}
site.close();
await browser.close();
console.log('ok browser: all was tried');
