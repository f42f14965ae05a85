// What ical.js and vcf read in the cards of a folder, as JSON: { FILE: { READER: [[NAME, VALUE]] } }.
// Components are joined by `;`, lists by `,`.
import { readFileSync, readdirSync } from 'node:fs';
import ICAL from 'ical.js';
import vCard from 'vcf';

const folder = process.argv[2];
const join = (value, by) => (Array.isArray(value) ? value.map((part) => join(part, ',')).join(by) : String(value));
const byIcal = (json) =>
  new ICAL.Component(json).getAllProperties().map((property) => {
    const values = property.getValues().map((value) => join(value, ';'));
    return [property.name.split('.').at(-1), values.join(',')];
  });
const unescape = (text) => text.replace(/\\(.)/gs, (_, one) => (one === 'n' || one === 'N' ? '\n' : one));
const byVcf = (text) =>
  new vCard().parse(text).toJSON()[1].map(([name, , , value]) => [name, unescape(join(value, ';'))]);

const read = {};
for (const file of readdirSync(folder)) {
  const text = readFileSync(`${folder}/${file}`, 'utf8');
  read[file] = file.endsWith('.json')
    ? { 'ical.js': byIcal(JSON.parse(text)) }
    : { 'ical.js': byIcal(ICAL.parse(text)), vcf: byVcf(text) };
}
console.log(JSON.stringify(read));
