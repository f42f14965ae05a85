// tsdav: finds calendars and address books from the server's name alone, and creates, reads, changes,
// synchronises and deletes in both. Arguments: origin, user, password.
import { createDAVClient } from 'tsdav';

const [origin, username, password] = process.argv.slice(2);
const check = (name, holds, said = '') => {
  console.log(holds ? `ok tsdav ${name}` : `not ok tsdav ${name}: ${String(said).slice(0, 200)}`);
};

const event = (uid, summary) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//Test//EN', 'BEGIN:VEVENT', `UID:${uid}`,
    'DTSTAMP:20260101T000000Z', 'DTSTART:20260301T090000Z', 'DTEND:20260301T100000Z',
    `SUMMARY:${summary}`, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
const card = (uid, name) =>
  ['BEGIN:VCARD', 'VERSION:3.0', `UID:${uid}`, `FN:${name}`, `N:${name};;;;`, 'END:VCARD', '']
    .join('\r\n');

const kinds = {
  caldav: {
    list: (client) => client.fetchCalendars(),
    make: (client, url) => client.makeCalendar({ url, props: { displayname: 'Made' } }),
    objects: (client, calendar) => client.fetchCalendarObjects({ calendar }),
    create: (client, calendar) =>
      client.createCalendarObject({ calendar, filename: 'a.ics', iCalString: event('a', 'First') }),
    update: (client, object) =>
      client.updateCalendarObject({ calendarObject: { ...object, data: event('a', 'Second') } }),
    remove: (client, object) => client.deleteCalendarObject({ calendarObject: object }),
    multiget: (client) => client.calendarMultiGet,
  },
  carddav: {
    list: (client) => client.fetchAddressBooks(),
    objects: (client, addressBook) => client.fetchVCards({ addressBook }),
    create: (client, addressBook) =>
      client.createVCard({ addressBook, filename: 'a.vcf', vCardString: card('a', 'First') }),
    update: (client, object) =>
      client.updateVCard({ vCard: { ...object, data: card('a', 'Second') } }),
    remove: (client, object) => client.deleteVCard({ vCard: object }),
    multiget: (client) => client.addressBookMultiGet,
  },
};

for (const [kind, act] of Object.entries(kinds)) {
  try {
    const client = await createDAVClient({
      serverUrl: origin,
      credentials: { username, password },
      authMethod: 'Basic',
      defaultAccountType: kind,
    });
    let found = await act.list(client);
    check(`${kind}: what there is is found`, found.length > 0, JSON.stringify(found));
    if (act.make) {
      const url = new URL('made/', new URL('.', found[0].url.replace(/\/$/, ''))).href;
      const made = await act.make(client, url);
      check(`${kind}: a collection is made`, made[0].ok, JSON.stringify(made));
      found = await act.list(client);
      check(`${kind}: and found`, found.some((one) => one.displayName === 'Made'), JSON.stringify(found));
    }
    const collection = found.find((one) => one.displayName === 'Made') ?? found[0];
    const created = await act.create(client, collection);
    check(`${kind}: create`, created.status === 201, created.status);
    let objects = await act.objects(client, collection);
    check(`${kind}: read`, objects.length === 1 && objects[0].data.includes('First'), JSON.stringify(objects));
    const sync = (collection) =>
      client.smartCollectionSync({ collection, method: 'webdav', detailedResult: true });
    const objectMultiGet = act.multiget(client);
    const before = await sync({ ...collection, objects, objectMultiGet });
    const updated = await act.update(client, objects[0]);
    check(`${kind}: update`, updated.ok, updated.status);
    const stale = await act.update(client, objects[0]);
    check(`${kind}: an update of what has changed is refused`, stale.status === 412, stale.status);
    const synced = await sync({ ...collection, syncToken: before.syncToken, objects, objectMultiGet });
    const changed = synced.objects.updated;
    check(`${kind}: synchronise`, changed.length === 1 && changed[0].data.includes('Second'), JSON.stringify(synced.objects));
    objects = await act.objects(client, collection);
    const removed = await act.remove(client, objects[0]);
    check(`${kind}: delete`, removed.status === 204, removed.status);
    objects = await act.objects(client, collection);
    check(`${kind}: it is gone`, objects.length === 0, JSON.stringify(objects));
  } catch (error) {
    check(`${kind}`, false, error.stack);
  }
}
