// jmap-jam: a JMAP client of npm's, with mail that came by LMTP, changes as they happen, and mail that
// goes out. Arguments: origin, user, password, and a command that delivers a message.
import { execFileSync } from 'node:child_process';
import { EventSource } from 'eventsource';
import JamClient from 'jmap-jam';

const [origin, user, password, ...deliver] = process.argv.slice(2);
const check = (name, holds, said = '') => {
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  console.log(holds ? `ok jam ${name}` : `not ok jam ${name}: ${String(text).slice(0, 300)}`);
};

// The library knows bearer tokens alone, and the server passwords alone.
const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const { loadSession } = JamClient;
JamClient.loadSession = (url) => loadSession(url, authorization);
globalThis.EventSource = class extends EventSource {
  constructor(url) {
    super(url, { fetch: (to, init) => fetch(to, { ...init, headers: { ...init.headers, authorization } }) });
  }
};
const jam = new JamClient({ sessionUrl: `${origin}/.well-known/jmap`, bearerToken: '' });
jam.authHeader = authorization;

const session = await jam.session;
const accountId = await jam.getPrimaryAccount();
check('session', session.username === user && Object.keys(session.accounts).includes(accountId), session);
const [boxes] = await jam.api.Mailbox.get({ accountId });
const box = (role) => boxes.list.find((one) => one.role === role)?.id;
check('Mailbox/get', ['inbox', 'drafts', 'sent', 'trash'].every(box), boxes);
const [found] = await jam.api.Mailbox.query({ accountId, filter: { role: 'inbox' } });
check('Mailbox/query', found.ids.length === 1 && found.ids[0] === box('inbox'), found);

// What happens is told: of a delivery while the client waits.
const [none] = await jam.api.Email.get({ accountId, ids: [] });
const events = await jam.connectEventSource({ types: ['Email', 'Mailbox', 'Thread'], ping: 30 });
const opened = new Promise((done, failed) => {
  events.addEventListener('open', done);
  events.addEventListener('error', failed);
});
// until(HOLDS): the next state of which something holds.
const until = (holds) =>
  new Promise((done) => {
    const seen = (event) => {
      const change = JSON.parse(event.data);
      if (holds(change)) {
        events.removeEventListener('state', seen);
        done(change);
      }
    };
    events.addEventListener('state', seen);
  });
await opened;
const news = until((change) => change.changed[accountId]?.Email !== none.state);
execFileSync(deliver[0], deliver.slice(1), { stdio: 'ignore' });
const change = await news;
check('a delivery is told', change['@type'] === 'StateChange' && 'Email' in change.changed[accountId], change);
const [changes] = await jam.api.Email.changes({ accountId, sinceState: none.state });
check('Email/changes', changes.created.length === 1 && changes.newState === change.changed[accountId].Email, { changes, change });

const [read] = await jam.requestMany((t) => {
  const ids = t.Email.query({ accountId, filter: { inMailbox: box('inbox') }, limit: 10 });
  const emails = t.Email.get({ accountId, ids: ids.$ref('/ids'), properties: ['subject', 'from', 'preview', 'threadId'] });
  const threads = t.Thread.get({ accountId, ids: emails.$ref('/list/*/threadId') });
  return { ids, emails, threads };
});
const email = read.ids.ids[0];
check('query and get by reference', read.emails.list[0].subject === 'Hello by LMTP', read);
check('threads by reference', read.threads.list[0].emailIds[0] === email, read);
const [set] = await jam.api.Email.set({ accountId, update: { [email]: { 'keywords/$seen': true } } });
check('Email/set', email in set.updated, set);
const [{ list }] = await jam.api.Email.get({ accountId, ids: [email], properties: ['keywords'] });
check('keywords', list[0].keywords.$seen === true, list);

// Bytes up and down.
const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
const uploaded = await jam.uploadBlob(accountId, new Blob([bytes], { type: 'image/png' }));
check('upload', uploaded.size === bytes.length && uploaded.type === 'image/png', uploaded);
const answer = await jam.downloadBlob({ accountId, blobId: uploaded.blobId, mimeType: 'image/png', fileName: 'ä b.png' });
const got = new Uint8Array(await answer.arrayBuffer());
check('download', Buffer.compare(got, bytes) === 0, got.length);
check('download as a type and a name', answer.headers.get('content-type') === 'image/png'
  && answer.headers.get('content-disposition').includes("%C3%A4%20b.png"), answer.headers.get('content-disposition'));

// A draft with an attachment is sent, and moved when it is.
const [identities] = await jam.api.Identity.get({ accountId });
const identity = identities.list[0];
check('Identity/get', identity?.email === 'carol@example.test', identities);
const [drafts] = await jam.api.Email.set({
  accountId,
  create: {
    draft: {
      mailboxIds: { [box('drafts')]: true },
      keywords: { $draft: true, $seen: true },
      from: [{ name: 'Carol', email: identity.email }],
      to: [{ name: 'Bob', email: 'bob@example.test' }],
      subject: 'Grüße',
      bodyValues: { text: { value: 'A line.\n.\nAnother.' } },
      textBody: [{ partId: 'text', type: 'text/plain' }],
      attachments: [{ blobId: uploaded.blobId, type: 'image/png', name: 'ä b.png' }],
    },
  },
});
const draft = drafts.created?.draft?.id;
check('a draft is made', draft, drafts);
const [made] = await jam.api.Email.get({ accountId, ids: [draft], properties: ['attachments', 'hasAttachment'] });
check('its attachment is one', made.list[0].hasAttachment && made.list[0].attachments[0]?.name === 'ä b.png', made);
const [submissions] = await jam.api.EmailSubmission.set({
  accountId,
  create: { sent: { emailId: draft, identityId: identity.id } },
  onSuccessUpdateEmail: {
    '#sent': {
      [`mailboxIds/${box('drafts')}`]: null,
      [`mailboxIds/${box('sent')}`]: true,
      'keywords/$draft': null,
    },
  },
});
check('and sent', submissions.created?.sent?.id, submissions);
const [after] = await jam.api.Email.get({ accountId, ids: [draft], properties: ['mailboxIds', 'keywords'] });
check('and moved', after.list[0].mailboxIds[box('sent')] && !after.list[0].keywords.$draft, after);
const told = await jam.api.Email.get({ accountId: 'nobody', ids: [] }).catch((error) => error);
check('an account that is not there', told.type === 'accountNotFound', told);
events.close();
