//! A protocol that does not exist: albums of stamps. It uses every field of a profile, so that a
//! protocol that does exist needs no change of the engine.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use dav::method::export::{self, Export};
use dav::page::{self, Choice, Offers, Others, Page};
use dav::profile::{Accepted, Incoming, Method, On, Origin, Report};
use dav::property::{Live, Read, Value, Write};
use dav::report::query::{self, Query, Search};
use dav::request::{ResponseBody, Status};
use dav::store::{
    Accept, Batch, CommitError, Content, Filter, Key, KeyValue, Listing, Operation, Refusal,
    Unique, UniqueScope,
};
use dav::{
    Collection, CollectionKind, Context, Error, Fields, Limits, Member, Path, Precondition,
    Privilege, Profile, Reading, Resource, Response, Rights, Searchable, Want,
};
use support::Server;
use xml::{Element, Name, Writer};

const NS: &str = "urn:stamps";
const VALID_STAMP: Precondition = Precondition::forbidden(NS, "valid-stamp");
const NO_DUPLICATES: Precondition = Precondition::conflict(NS, "no-duplicates");
const ALBUM_LOCATION_OK: Precondition = Precondition::forbidden(NS, "album-location-ok");
const ALBUM: &[&str] = &["album"];

static STAMPS: Profile = Profile {
    dav_tokens: &["stamp-album"],
    prefixes: &[(NS, "S")],
    kinds: &[
        CollectionKind {
            name: "shelf",
            holds_collections: true,
            get: Some(|ctx, shelf| page::get(ctx, shelf, &PAGE)),
            post: Some(|ctx, shelf| page::post(ctx, shelf, &PAGE)),
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: "album",
            resourcetype: &[Name::new(NS, "album")],
            creatable: true,
            holds_collections: true,
            holds_members: true,
            syncs: true,
            add_member: true,
            extension: ".stamp",
            put: Some(put),
            put_personal: Some(put_personal),
            remove: Some(remove),
            get_member: Some(get_member),
            get: Some(get),
            post: Some(post),
        },
    ],
    default_kind: Some("album"),
    place: Some(place),
    part: Some(part),
    get_unmapped: Some(get_unmapped),
    properties: &[&CURRENCY, &COLOUR, &NICKNAME, &FACE_VALUE, &PAGES],
    reports: &[Report {
        name: Name::new(NS, "stamp-query"),
        on: On::kinds(&["album", "shelf"]),
        run: stamp_query,
    }],
    methods: &[
        Method {
            name: "MKALBUM",
            mapped: false,
            on: On::ALL,
            run: mkalbum,
        },
        Method {
            name: "LICK",
            mapped: true,
            on: On::members_of(ALBUM),
            run: lick,
        },
    ],
    privileges: &PRIVILEGES,
    searchable: &SEARCHABLE,
    limits: Limits {
        member_len_max: 100,
        ..Limits::DEFAULT
    },
};

/// What people see of a shelf in a browser.
static PAGE: Page = Page {
    is_wanted: || true,
    title: "Albums",
    noun: "album",
    kind: "album",
    colour: Some(Name::new(NS, "tint")),
    subscribe: Some("webstamps"),
    choice: Some(Choice {
        label: "In",
        options: &[("", "any currency"), ("EUR", "euros")],
        property: |currency| {
            let property = Element::new(Name::new(NS, "currency"));
            (!currency.is_empty()).then(|| property.with_text(currency))
        },
    }),
    others: Some(&Lent),
};

/// Nobody shares anything here: an album called "lent" stands for that, until it has a copy.
struct Lent;

impl Others for Lent {
    fn find(&self, ctx: &Context<'_>, shelf: &Collection, _: &str) -> Result<Offers, Error> {
        let copy = ctx.find(&shelf.path.join("copy"), &Want::default())?;
        let lent = copy.is_none().then(|| shelf.path.join("lent"));
        Ok(Offers {
            paths: lent.into_iter().collect(),
            are_more: false,
        })
    }

    fn subscribe(
        &self,
        ctx: &Context<'_>,
        shelf: &Collection,
        kind: &str,
        path: &Path,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        if path.name() != Some("lent") || ctx.find(path, &Want::default())?.is_none() {
            return Err(Error::NotFound);
        }
        batch.push(Operation::MakeCollection {
            path: shelf.path.join("copy"),
            kind: kind.to_owned(),
        });
        Ok(())
    }
}

static PRIVILEGES: [Privilege; 1] = [Privilege {
    name: Name::new(NS, "lend"),
    parent: Some(Name::dav("read")),
    rights: Rights::of("9"),
    is_abstract: false,
    description: "Lend stamps",
}];

static SEARCHABLE: [Searchable; 1] = [Searchable {
    name: Name::dav("alternate-URI-set"),
    description: "Address",
    hint: |_| None,
}];

/// Stored as it is, if the album is made with it.
static CURRENCY: Live = Live {
    name: &Name::new(NS, "currency"),
    on: On::kinds(ALBUM),
    in_allprop: true,
    fields: Fields::NONE,
    uses: &[],
    read: Read::Stored,
    write: Write::AtCreation(|_, element| match element.text().len() {
        3 => Ok(()),
        _ => Err(Error::Conflict("a currency has three letters".to_owned())),
    }),
};

/// Turned into something else when it is set, and read out of it.
static COLOUR: Live = Live {
    name: &Name::new(NS, "colour"),
    on: On::kinds(ALBUM),
    in_allprop: false,
    fields: Fields::NONE,
    uses: &[Name::new(NS, "paint")],
    read: Read::With(
        |reading, out| match reading.subject.find_stored(&Name::new(NS, "paint")) {
            Some(_) => {
                out.text("painted");
                Ok(Value::Written)
            }
            None => Ok(Value::Missing),
        },
    ),
    write: Write::With(|_, path, element, batch| {
        let xml = element.map(|_| b"<S:paint xmlns:S='urn:stamps'/>".to_vec());
        let name = Name::new(NS, "paint");
        batch.push(Operation::Property {
            path: path.clone(),
            name,
            xml,
            personal: false,
        });
        Ok(())
    }),
};

/// Everyone calls an album what they like.
static NICKNAME: Live = Live {
    name: &Name::new(NS, "nickname"),
    on: On::kinds(ALBUM),
    write: Write::Personal(|_, element| match element.text().is_empty() {
        false => Ok(()),
        true => Err(Error::Conflict("a nickname is not empty".to_owned())),
    }),
    ..Live::PLAIN
};

/// Made out of the body, in a way that the request can choose.
static FACE_VALUE: Live = Live {
    name: &Name::new(NS, "face-value"),
    on: On::members_of(ALBUM),
    in_allprop: false,
    fields: Fields::BODY,
    uses: &[],
    read: Read::With(read_face_value),
    write: Write::Protected,
};

static PAGES: Live = Live {
    name: &Name::new(NS, "pages"),
    on: On::PRINCIPALS,
    in_allprop: false,
    fields: Fields::NONE,
    uses: &[],
    read: Read::With(|_, out| {
        out.number(12);
        Ok(Value::Written)
    }),
    write: Write::Protected,
};

fn read_face_value(reading: &Reading<'_, '_>, out: &mut Writer) -> Result<Value, Error> {
    let body = reading
        .subject
        .member()
        .and_then(|member| member.body.as_deref());
    let Some(value) = body.and_then(value_of) else {
        return Ok(Value::Missing);
    };
    if let Some(unit) = reading
        .request
        .and_then(|request| request.attribute("unit"))
    {
        out.attribute("unit", unit);
    }
    out.number(value);
    Ok(Value::Written)
}

/// A stamp is `<motif> <value>`.
fn value_of(body: &[u8]) -> Option<u64> {
    std::str::from_utf8(body)
        .ok()?
        .trim()
        .rsplit_once(' ')?
        .1
        .parse()
        .ok()
}

/// The spring catalogue is always to be had.
fn get_unmapped(ctx: &Context<'_>) -> Result<Response, Error> {
    match ctx.query {
        Some("catalogue") => Ok(Response::new(Status::OK)),
        _ => Err(Error::NotFound),
    }
}

/// A pencil mark on the back is for whoever made it, and changes nothing of the stamp.
fn put_personal(
    _: &Context<'_>,
    incoming: &Incoming<'_>,
    _: &Member,
) -> Result<Option<Vec<Operation>>, Error> {
    let mark = incoming.body.strip_prefix(b"mark: ");
    Ok(mark.map(|mark| {
        vec![Operation::Personal {
            path: incoming.path.clone(),
            value: Some(mark.to_vec()),
        }]
    }))
}

fn put(_: &Context<'_>, incoming: Incoming<'_>) -> Result<Accepted, Error> {
    let value = value_of(&incoming.body).ok_or_else(|| VALID_STAMP.error())?;
    let text = String::from_utf8_lossy(&incoming.body).into_owned();
    let cleaned = text.trim().to_owned();
    let changed = cleaned != text;
    let content = match incoming.origin {
        Origin::Put | Origin::Post => Content::Bytes(cleaned.clone().into_bytes()),
        Origin::Copy | Origin::Move => Content::Unchanged,
    };
    let mut accept = Accept::plain(content, Some("text/stamp".to_owned()));
    accept.keys.push(Key {
        name: "value".to_owned(),
        value: KeyValue::Number(value as i64),
    });
    let scope = UniqueScope::Owner;
    accept.unique.push(Unique {
        name: "motif".to_owned(),
        value: cleaned,
        scope,
    });
    let mut accepted = Accepted::plain(accept);
    accepted.changed = changed;
    accepted.headers.push(("Stamp-Value", value.to_string()));
    accepted.more.push(Operation::Property {
        path: incoming.path.clone(),
        name: Name::new(NS, "hinged"),
        xml: Some(b"<S:hinged xmlns:S='urn:stamps'/>".to_vec()),
        personal: false,
    });
    accepted.refused = Some(duplicate);
    Ok(accepted)
}

fn duplicate(ctx: &Context<'_>, error: &CommitError) -> Option<Error> {
    match &error.refusal {
        Refusal::NotUnique {
            other: Some(other), ..
        } => Some(NO_DUPLICATES.error_at(&[ctx.href(other, false)])),
        _ => None,
    }
}

fn remove(_: &Context<'_>, _: &Collection, member: &Member, _: &mut Batch) -> Result<(), Error> {
    match member.name.starts_with("rare") {
        true => Err(Error::Forbidden("rare stamps stay".to_owned())),
        false => Ok(()),
    }
}

fn get_member(ctx: &Context<'_>, _: &Resource) -> Result<Option<Response>, Error> {
    Ok(ctx
        .header("Accept")
        .filter(|accept| accept == "text/short")
        .map(|_| {
            let mut response = Response::new(Status::OK);
            response.body = ResponseBody::Bytes(b"short".to_vec());
            response
        }))
}

fn get(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Collection(collection) = resource else {
        return Ok(None);
    };
    let accept = ctx.header("Accept").unwrap_or_default();
    if ["text/stamps", "text/loud-stamps"].contains(&accept.as_str()) {
        let name = collection.path.name().unwrap_or_default();
        let is_loud = accept == "text/loud-stamps";
        let begin = |out: &mut Vec<u8>| {
            out.extend_from_slice(name.as_bytes());
            out.push(b'[');
            Ok(())
        };
        let file = Export {
            content_type: "text/stamps",
            variant: if is_loud { "-loud" } else { "" },
            extension: ".stamps",
            begin: &begin,
            end: b"]",
            convert: is_loud.then_some(&|whole: Vec<u8>| Ok(whole.to_ascii_uppercase())),
        };
        let write = |member: &Member, out: &mut Vec<u8>| {
            out.extend_from_slice(member.body.as_deref().unwrap_or_default());
            out.push(b'.');
            Ok(())
        };
        return export::run(ctx, collection, &file, write).map(Some);
    }
    let listing = Listing {
        members: true,
        limit: 1000,
        ..Listing::default()
    };
    let page = ctx.store.children(collection, &listing)?;
    let mut response = Response::new(Status::OK);
    response.body = ResponseBody::Bytes(format!("{} stamps", page.members.len()).into_bytes());
    Ok(Some(response))
}

fn post(ctx: &Context<'_>, _: &Resource) -> Result<Option<Response>, Error> {
    let len = ctx.read_body(10)?.len();
    let mut response = Response::new(Status::ACCEPTED);
    response.body = ResponseBody::Bytes(len.to_string().into_bytes());
    Ok(Some(response))
}

fn place(
    _: &Context<'_>,
    parent: &Collection,
    _: &dav::Path,
    _: &CollectionKind,
) -> Result<(), Error> {
    match parent.kind.as_str() {
        "shelf" => Ok(()),
        _ => Err(ALBUM_LOCATION_OK.error()),
    }
}

fn part(_: &Context<'_>, album: &Collection) -> Result<(), Error> {
    match album.path.name() {
        Some("kept") => Err(Error::Forbidden("this album is kept".to_owned())),
        _ => Ok(()),
    }
}

fn stamp_query(ctx: &Context<'_>, resource: &Resource, root: &Element) -> Result<Response, Error> {
    let min = root
        .attribute("min")
        .and_then(|min| min.parse().ok())
        .unwrap_or(0);
    let request = dav::body::propfind::parse_children(root)?.ok_or(Error::NotFound)?;
    let plan = dav::body::plan::Plan::new(ctx, &request);
    // Those that are worth much, whatever they show, and those that are worth nearly nothing.
    let rich = Filter::Between("value", min, i64::MAX);
    let poor = Filter::Between("value", 0, 15);
    let either = [rich, poor];
    let search = |filter, is_exact| Search {
        filters: vec![filter],
        is_exact,
        reach: None,
    };
    let searches = match root.attribute("rich") {
        Some(_) => vec![search(rich, true), search(poor, false)],
        None => vec![search(Filter::Any(&either), false)],
    };
    let motif = root.attribute("motif").unwrap_or_default();
    let shows = |_: &Collection, member: &Member| {
        let body = member.body.as_deref().unwrap_or_default();
        Ok(String::from_utf8_lossy(body).contains(motif))
    };
    let fatal = [dav::error::NUMBER_OF_MATCHES_WITHIN_LIMITS];
    let query = Query {
        kinds: ALBUM,
        searches: &searches,
        test: (!motif.is_empty()).then_some(&shows),
        limit: root.attribute("most").and_then(|most| most.parse().ok()),
        fatal: match root.attribute("all") {
            Some(_) => &fatal,
            None => &[],
        },
    };
    query::run(ctx, resource, &plan, &query)
}

fn mkalbum(ctx: &Context<'_>, _: Option<&Resource>) -> Result<Response, Error> {
    let request = match dav::method::mkcol::parse_body(ctx)? {
        Some(root) => dav::body::mkcol::parse(&root, NS, "mkalbum")?,
        None => dav::body::mkcol::MakeCollection::default(),
    };
    let kind = Some(ctx.profile.kind("album"));
    match dav::method::mkcol::make(ctx, kind, &request.updates)? {
        Ok(response) => Ok(response),
        Err(outcomes) => {
            let root = Name::new(NS, "mkalbum-response");
            Ok(dav::method::mkcol::refusal(ctx, &root, &outcomes))
        }
    }
}

fn lick(_: &Context<'_>, resource: Option<&Resource>) -> Result<Response, Error> {
    resource
        .map(|_| Response::new(Status::NO_CONTENT))
        .ok_or(Error::NotFound)
}

fn server() -> Server {
    let server = Server::with(&STAMPS, "shelf");
    server.fill(&["a/"]);
    for (name, body) in [("one", "ship 10"), ("two", "bird 20"), ("rare", "queen 1")] {
        assert_eq!(
            server.status("PUT", &format!("/dav/a/{name}"), &[], body),
            201
        );
    }
    server
}

#[test]
fn kinds_and_places() {
    let server = server();
    let found = server.propfind("/dav/a/", "0", "<D:resourcetype/>");
    found.expect(207, &["<D:collection/><S:album/>"]);
    server
        .ask("MKCOL", "/dav/a/b/", &[], "")
        .expect(403, &["<S:album-location-ok/>"]);
    assert_eq!(server.status("PUT", "/dav/on-shelf", &[], "ship 10"), 403);
    let typed = |name: &str| {
        format!(
            "<D:mkcol xmlns:D='DAV:' xmlns:S='urn:stamps'><D:set><D:prop><D:resourcetype>\
             <D:collection/><S:{name}/></D:resourcetype><D:displayname>B</D:displayname>\
             </D:prop></D:set></D:mkcol>"
        )
    };
    server
        .ask("MKCOL", "/dav/b/", &[], &typed("box"))
        .expect(403, &["<D:valid-resourcetype/>"]);
    assert_eq!(server.status("MKCOL", "/dav/b/", &[], &typed("album")), 201);
    server
        .propfind("/dav/b/", "0", "<D:displayname/>")
        .expect(207, &[">B<"]);
    server
        .ask("GET", "/dav/a/", &[], "")
        .expect(200, &["3 stamps"]);
    server
        .ask("GET", "/dav/a/one", &[("Accept", "text/short")], "")
        .expect(200, &["short"]);
    server
        .ask("GET", "/dav/a/one", &[], "")
        .expect(200, &["ship 10"]);
    server
        .ask("POST", "/dav/a/", &[], "12345")
        .expect(202, &["5"]);
    assert_eq!(server.status("POST", "/dav/a/", &[], "12345678901"), 413);
}

#[test]
fn member_rules() {
    let server = server();
    server
        .ask("PUT", "/dav/a/x", &[], "no stamp")
        .expect(403, &["<S:valid-stamp/>"]);
    let twice = server.ask("PUT", "/dav/a/x", &[], "ship 10");
    twice.expect(
        409,
        &["<S:no-duplicates><D:href>/dav/a/one</D:href></S:no-duplicates>"],
    );
    let cleaned = server.ask("PUT", "/dav/a/x", &[], "  cat 5 ");
    assert_eq!(
        (
            cleaned.status,
            cleaned.header("ETag"),
            cleaned.header("Stamp-Value")
        ),
        (201, "", "5")
    );
    assert_ne!(
        server.ask("PUT", "/dav/a/y", &[], "dog 6").header("ETag"),
        ""
    );
    assert_eq!(
        server.status("PUT", "/dav/a/long", &[], &"x".repeat(101)),
        413
    );
    server
        .propfind("/dav/a/x", "0", "<hinged xmlns='urn:stamps'/>")
        .expect(207, &["200 OK"]);
    let copy = server.ask("COPY", "/dav/a/one", &[("Destination", "/dav/a/three")], "");
    copy.expect(
        409,
        &["<S:no-duplicates><D:href>/dav/a/one</D:href></S:no-duplicates>"],
    );
    assert_eq!(
        server.status("MOVE", "/dav/a/one", &[("Destination", "/dav/a/three")], ""),
        201
    );
    assert_eq!(server.status("DELETE", "/dav/a/rare", &[], ""), 403);
    assert_eq!(
        server.status("DELETE", "/dav/a/", &[], ""),
        403,
        "with a rare one in it"
    );
    assert_eq!(server.status("DELETE", "/dav/a/two", &[], ""), 204);
    assert_eq!(
        server.status("LOCK", "/dav/a/empty", &[], &support::lockinfo("shared")),
        403
    );
}

#[test]
fn added_members_get_names() {
    let server = server();
    server
        .propfind("/dav/a/", "0", "<D:add-member/>")
        .expect(207, &["/dav/a/?action=add-member"]);
    let added = server.ask("POST", "/dav/a/?action=add-member", &[], "fox 7");
    assert_eq!(added.status, 201);
    let location = added.header("Location");
    assert!(
        location.starts_with("/dav/a/") && location.ends_with(".stamp"),
        "{location}"
    );
    server.ask("GET", location, &[], "").expect(200, &["fox 7"]);
    assert_eq!(
        server.status("POST", "/dav/?action=add-member", &[], "fox 8"),
        403
    );
    assert_eq!(server.status("POST", "/dav/a/one", &[], "x"), 405);
}

#[test]
fn properties() {
    let server = server();
    let set = |local: &str| format!("<S:{local} xmlns:S='urn:stamps'>EUR</S:{local}>");
    server
        .set("/dav/a/", &set("currency"))
        .expect(207, &["403 Forbidden"]);
    server
        .set("/dav/a/", &set("colour"))
        .expect(207, &["200 OK"]);
    let asked = "<S:colour xmlns:S='urn:stamps'/><S:currency xmlns:S='urn:stamps'/>";
    server
        .propfind("/dav/a/", "0", asked)
        .expect(207, &["<S:colour>painted</S:colour>", "404"]);
    let asked = "<S:face-value xmlns:S='urn:stamps' unit='c'/>";
    let found = server.propfind("/dav/a/", "1", asked);
    found.expect(207, &["<S:face-value unit=\"c\">10</S:face-value>", "404"]);
    server
        .set("/dav/a/one", &set("face-value"))
        .expect(207, &["cannot-modify-protected-property"]);
    let pages = "<S:pages xmlns:S='urn:stamps'/>";
    server
        .propfind("/dav/principals/alice/", "0", pages)
        .expect(207, &["<S:pages>12</S:pages>"]);
}

#[test]
fn personal_properties() {
    let server = server();
    let set = |name: &str| format!("<S:nickname xmlns:S='urn:stamps'>{name}</S:nickname>");
    let asked = "<S:nickname xmlns:S='urn:stamps'/>";
    server.set("/dav/a/", &set("Mine")).expect(207, &["200 OK"]);
    server.memory.sign_in(Some("bob"));
    server
        .propfind("/dav/a/", "0", asked)
        .expect(207, &[">Mine<"]);
    server.set("/dav/a/", &set("Hers")).expect(207, &["200 OK"]);
    server.set("/dav/a/", &set("")).expect(207, &["409"]);
    let other = "<Z:other xmlns:Z='urn:z'/>";
    let both = server.set("/dav/a/", &(set("Hers") + other));
    both.expect(403, &["<D:write-properties/>"]);
    server
        .propfind("/dav/", "1", asked)
        .expect(207, &[">Hers<"]);
    server.memory.sign_in(Some("alice"));
    server
        .propfind("/dav/a/", "0", asked)
        .expect(207, &[">Mine<"]);
}

#[test]
fn collections_that_stay() {
    let server = server();
    server.fill(&["kept/"]);
    assert_eq!(server.status("DELETE", "/dav/kept/", &[], ""), 403);
    let destination = [("Destination", "/dav/moved/")];
    assert_eq!(server.status("MOVE", "/dav/kept/", &destination, ""), 403);
    assert_eq!(server.status("COPY", "/dav/kept/", &destination, ""), 201);
    assert_eq!(server.status("DELETE", "/dav/moved/", &[], ""), 204);
}

#[test]
fn report() {
    let server = server();
    let ask = |path: &str, depth: &str, attributes: &str| {
        let query = format!(
            "<S:stamp-query xmlns:S='urn:stamps' xmlns:D='DAV:' {attributes}><D:prop><D:getetag/>\
             </D:prop></S:stamp-query>"
        );
        server.ask("REPORT", path, &[("Depth", depth)], &query)
    };
    let found = |path: &str, depth: &str, attributes: &str| -> Vec<String> {
        let found = ask(path, depth, attributes);
        let hrefs = found.expect(207, &[]).hrefs().into_iter();
        let mut hrefs: Vec<String> = hrefs.map(|href| href.to_owned()).collect();
        hrefs.sort();
        hrefs
    };
    let all = ["/dav/a/one", "/dav/a/rare", "/dav/a/two"];
    assert_eq!(found("/dav/a/", "1", "min='10'"), all);
    assert_eq!(found("/dav/a/", "1", "min='100'"), all[..2]);
    assert_eq!(found("/dav/a/", "1", "min='10' motif='bird'"), all[2..]);
    assert_eq!(
        found("/dav/", "1", "min='10'"),
        all,
        "in all albums of a shelf"
    );
    assert!(found("/dav/a/", "0", "min='10'").is_empty());
    let cut = ask("/dav/a/", "1", "min='10' most='2'");
    cut.expect(207, &["<D:href>/dav/a/</D:href><D:status>HTTP/1.1 507"]);
    assert_eq!(cut.hrefs().len(), 3);
    ask("/dav/a/", "1", "min='10' most='2' all='yes'")
        .expect(507, &["<D:error ", "<D:number-of-matches-within-limits/>"]);
    assert_eq!(
        found("/dav/a/", "1", "min='10' rich='yes'"),
        all,
        "what two searches find is told once"
    );
    assert_eq!(
        found("/dav/a/", "1", "min='20' motif='ship' rich='yes'"),
        [all[0], all[2]],
        "of the rich ones, none is looked at"
    );
    let query = "<S:stamp-query xmlns:S='urn:stamps'/>";
    server
        .ask("REPORT", "/dav/a/one", &[], query)
        .expect(403, &["<D:supported-report/>"]);
    let supported = server.propfind("/dav/a/", "0", "<D:supported-report-set/>");
    supported.expect(
        207,
        &[
            "<D:report><S:stamp-query/></D:report>",
            "<D:sync-collection/>",
        ],
    );
    let shelf = server.propfind("/dav/", "0", "<D:supported-report-set/>");
    assert!(!shelf.text.contains("sync-collection"));
}

#[test]
fn page_for_people() {
    let server = server();
    let browser = [("Accept", "text/html")];
    let page = || server.ask("GET", "/dav/", &browser, "");
    page().expect(
        200,
        &[
            "<h1>Albums</h1>",
            ">New album</h2>",
            "href=\"/dav/a/\">Download</a>",
            "href=\"webstamps://",
            "value=\"#808080\"",
            "<option value=\"EUR\">euros</option>",
        ],
    );
    let own = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Sec-Fetch-Site", "same-origin"),
    ];
    let fill_in = |form: &str| server.status("POST", "/dav/", &own, form);
    assert_eq!(fill_in("action=rename&name=a&displayname=Ships"), 303);
    assert_eq!(fill_in("action=recolour&name=a&colour=%2300FF7f"), 303);
    page().expect(200, &[">Ships</h2>", "value=\"#00FF7f\""]);
    assert_eq!(fill_in("action=recolour&name=a&colour=red"), 409);
    let new = "action=create&displayname=New&colour=%23112233";
    assert_eq!(fill_in(&format!("{new}&choice=EUR")), 303);
    assert_eq!(fill_in(&format!("{new}&choice=none")), 303);
    let asked = "<S:currency xmlns:S='urn:stamps'/><S:tint xmlns:S='urn:stamps'/>";
    let made = server.propfind("/dav/", "1", asked).text;
    assert_eq!(made.matches(">#112233<").count(), 2, "{made}");
    assert_eq!(made.matches(">EUR<").count(), 1, "{made}");
    let offered = "Albums of others";
    assert!(!page().text.contains(offered), "nothing is lent yet");
    assert_eq!(fill_in("action=subscribe&name=/dav/lent/"), 404);
    assert_eq!(server.status("MKALBUM", "/dav/lent/", &[], ""), 201);
    page().expect(
        200,
        &[offered, "name=\"name\" value=\"/dav/lent/\"", ">Subscribe<"],
    );
    assert_eq!(fill_in("action=subscribe&name=/dav/a/"), 404);
    assert_eq!(fill_in("action=subscribe&name=%25zz"), 400);
    assert_eq!(fill_in("action=subscribe&name=/dav/lent/"), 303);
    assert!(!page().text.contains(offered));
    assert_eq!(fill_in("action=unsubscribe&name=copy"), 409, "it lies here");
    assert_eq!(fill_in("action=publish&name=a"), 303);
    page().expect(200, &["Everyone can read this."]);
    assert_eq!(fill_in("action=delete&name=a&sure=yes"), 403, "a rare one");
    assert_eq!(server.status("GET", "/dav/a/", &[], ""), 200);
}

#[test]
fn export() {
    let server = server();
    let all = [("Accept", "text/stamps")];
    let got = server.ask("GET", "/dav/a/", &all, "");
    assert_eq!(
        (got.status, got.text.as_str()),
        (200, "a[ship 10.queen 1.bird 20.]")
    );
    let etag = got.header("ETag").to_owned();
    let known = [("Accept", "text/stamps"), ("If-None-Match", etag.as_str())];
    assert_eq!(server.status("GET", "/dav/a/", &known, ""), 304);
    let loud = "text/loud-stamps";
    let got = server.ask("GET", "/dav/a/", &[("Accept", loud)], "");
    assert_eq!(got.text, "A[SHIP 10.QUEEN 1.BIRD 20.]");
    let other = [("Accept", loud), ("If-None-Match", etag.as_str())];
    assert_eq!(server.status("GET", "/dav/a/", &other, ""), 200);
}

#[test]
fn methods_and_tokens() {
    let server = server();
    let body = |currency: &str| {
        format!(
            "<S:mkalbum xmlns:S='urn:stamps' xmlns:D='DAV:'><D:set><D:prop><S:currency>{currency}\
             </S:currency><D:displayname>C</D:displayname></D:prop></D:set></S:mkalbum>"
        )
    };
    let refused = server.ask("MKALBUM", "/dav/c/", &[], &body("EURO"));
    refused.expect(
        403,
        &[
            "<S:mkalbum-response",
            "409 Conflict",
            "424 Failed Dependency",
        ],
    );
    assert_eq!(server.status("MKALBUM", "/dav/c/", &[], &body("EUR")), 201);
    server
        .ask("PROPFIND", "/dav/c/", &[("Depth", "0")], "")
        .expect(207, &[">EUR<"]);
    let again = server.ask("MKALBUM", "/dav/c/", &[], "");
    again.expect(405, &["<D:resource-must-be-null/>"]);
    assert!(again.header("Allow").contains("PROPFIND"));
    assert_eq!(server.status("LICK", "/dav/a/one", &[], ""), 204);
    assert_eq!(server.status("LICK", "/dav/a/", &[], ""), 405);
    assert_eq!(server.status("LICK", "/dav/a/none", &[], ""), 404);
    assert!(
        server
            .ask("OPTIONS", "/dav/", &[], "")
            .header("DAV")
            .ends_with(", stamp-album")
    );
    assert!(
        server
            .ask("OPTIONS", "/dav/a/one", &[], "")
            .header("Allow")
            .contains("LICK")
    );
    assert!(
        server
            .ask("OPTIONS", "/dav/new", &[], "")
            .header("Allow")
            .contains("MKALBUM")
    );
}

#[test]
fn where_nothing_is() {
    let server = server();
    assert_eq!(server.status("GET", "/dav/none?catalogue", &[], ""), 200);
    assert_eq!(server.status("GET", "/dav/none", &[], ""), 404);
}

#[test]
fn what_is_ones_own_is_nobody_elses() {
    let server = server();
    let read = "<D:acl xmlns:D='DAV:'><D:ace><D:principal><D:href>/principals/bob/</D:href>\
        </D:principal><D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace>\
        <D:ace><D:principal><D:href>/principals/alice/</D:href></D:principal><D:grant>\
        <D:privilege><D:all/></D:privilege></D:grant></D:ace></D:acl>";
    assert_eq!(server.status("ACL", "/dav/a/", &[], read), 200);
    let tag = |user: &str| {
        server.memory.sign_in(Some(user));
        let got = server.ask("GET", "/dav/a/one", &[], "");
        got.header("ETag").to_owned()
    };
    let (alice, bob) = (tag("alice"), tag("bob"));
    assert_eq!(alice, bob);
    // To read is enough, and no other body is taken.
    assert_eq!(server.status("PUT", "/dav/a/one", &[], "ship 11"), 403);
    let stale = [("If-Match", "\"stale\"")];
    assert_eq!(server.status("PUT", "/dav/a/one", &stale, "mark: x"), 412);
    let current = [("If-Match", bob.as_str())];
    assert_eq!(server.status("PUT", "/dav/a/one", &current, "mark: x"), 204);
    let marked = tag("bob");
    assert_ne!(marked, bob);
    let listed = server.propfind("/dav/a/", "1", "<D:getetag/>");
    listed.expect(207, &[&marked]);
    assert_eq!(server.status("PUT", "/dav/a/one", &current, "mark: y"), 412);
    assert_eq!(tag("alice"), alice);
}

#[test]
fn privileges_and_searches() {
    let server = server();
    let all = server.propfind("/dav/a/", "0", "<D:supported-privilege-set/>");
    all.expect(
        207,
        &["<D:privilege><S:lend/></D:privilege>", "Lend stamps"],
    );
    let lend = "<D:acl xmlns:D='DAV:' xmlns:S='urn:stamps'><D:ace><D:principal><D:href>\
        /principals/bob/</D:href></D:principal><D:grant><D:privilege><S:lend/></D:privilege>\
        </D:grant></D:ace></D:acl>";
    assert_eq!(server.status("ACL", "/dav/a/", &[], lend), 200);
    server
        .propfind("/dav/a/", "0", "<D:acl/>")
        .expect(207, &["<S:lend/>"]);
    let set = "<D:principal-search-property-set xmlns:D='DAV:'/>";
    server
        .ask("REPORT", "/dav/", &[], set)
        .expect(200, &["<D:alternate-URI-set/>", "Address"]);
    let search = "<D:principal-property-search xmlns:D='DAV:'><D:property-search><D:prop>\
        <D:alternate-URI-set/></D:prop><D:match>BOB@</D:match></D:property-search><D:prop>\
        <D:displayname/></D:prop><D:apply-to-principal-collection-set/></D:principal-property-search>";
    let found = server.ask("REPORT", "/dav/", &[], search);
    assert_eq!(
        found.expect(207, &["The bob"]).hrefs(),
        ["/principals/bob/"]
    );
}
