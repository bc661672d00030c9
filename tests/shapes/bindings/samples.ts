// Made by `cargo test`: what is changed here is lost.
/* eslint-disable */

import type { Adjacent, Anything, Collections, Color, External, Flattened, Inner, JsonValue, Map, Maps, Newtype, Numbers, Optional, Page, Pair, Presence, Renamed, Set, Side, Tagged, Times, Tree, URL, Untagged, User, ShapesOutput, Shapes, PluvRoom, PluvInput, PluvEvent, PluvAuthorize, PluvUser, PluvPresence, PluvOutput, PluvInputs, PluvCalls, PluvCallOptions, PluvPerson, PluvCause, PluvStatus, PluvNews, PluvStorage, PluvOptions } from "./Shapes";

({"id":"u","born":null}) satisfies User;
({"id":"u","born":null}) satisfies PluvInput<User>;
({"isTyping":false}) satisfies Presence;
({"isTyping":false}) satisfies PluvInput<Presence>;
({"isTyping":true,"color":"deep-red"}) satisfies Presence;
({"isTyping":true,"color":"deep-red"}) satisfies PluvInput<Presence>;
({"twoWords":"\"😀","kebab-case":"k","type":1,"a \"quoted\" \\ name":2}) satisfies Renamed;
({"twoWords":"\"😀","kebab-case":"k","type":1,"a \"quoted\" \\ name":2}) satisfies PluvInput<Renamed>;
// @ts-expect-error
({"a \"quoted\" \\ name":1,"kebab-case":"","two_words":"","type":1}) satisfies PluvInput<Renamed>;
// @ts-expect-error
({"a \"quoted\" \\ name":1,"twoWords":"","type":1}) satisfies PluvInput<Renamed>;
// @ts-expect-error
({"kebab-case":"","twoWords":"","type":1}) satisfies PluvInput<Renamed>;
({"option":1,"nested":null,"absent":"a","json":[1],"unit":null,"default":1,"told":1,"required":true}) satisfies Optional;
({"option":1,"nested":null,"absent":"a","json":[1],"unit":null,"default":1,"told":1,"required":true}) satisfies PluvInput<Optional>;
({"option":null,"nested":{"option":1,"nested":null,"absent":"a","json":[1],"unit":null,"default":1,"told":1,"required":true},"json":null,"unit":null,"default":1,"told":1,"required":true}) satisfies Optional;
({"option":null,"nested":{"option":1,"nested":null,"absent":"a","json":[1],"unit":null,"default":1,"told":1,"required":true},"json":null,"unit":null,"default":1,"told":1,"required":true}) satisfies PluvInput<Optional>;
({"required":true}) satisfies PluvInput<Optional>;
({"nested":{"required":false},"option":null,"required":true}) satisfies PluvInput<Optional>;
// @ts-expect-error
({"option":1}) satisfies PluvInput<Optional>;
// @ts-expect-error
({"nested":{},"required":true}) satisfies PluvInput<Optional>;
// @ts-expect-error
({"default":null,"required":true}) satisfies PluvInput<Optional>;
// @ts-expect-error
({"option":"1","required":true}) satisfies PluvInput<Optional>;
({"byte":1,"signed":-9007199254740992,"unsigned":9007199254740992,"huge":9007199254740992,"size":1,"float":0.5,"not_zero":1,"list":[1,-1]}) satisfies Numbers;
({"byte":1,"signed":-9007199254740992,"unsigned":9007199254740992,"huge":9007199254740992,"size":1,"float":0.5,"not_zero":1,"list":[1,-1]}) satisfies PluvInput<Numbers>;
({"by_name":{"a b":1},"by_number":{"7":["x"]},"by_color":{"blue":true},"by_bool":{"true":1},"set":["x"],"map":{"entries":{"1":{"repetitions":1,"video":{"host":"videos.example"}}}}}) satisfies Maps;
({"by_name":{"a b":1},"by_number":{"7":["x"]},"by_color":{"blue":true},"by_bool":{"true":1},"set":["x"],"map":{"entries":{"1":{"repetitions":1,"video":{"host":"videos.example"}}}}}) satisfies PluvInput<Maps>;
({"by_bool":{},"by_color":{},"by_name":{},"by_number":{},"map":{"entries":{}},"set":[]}) satisfies PluvInput<Maps>;
// @ts-expect-error
({"by_bool":{},"by_color":{"green":true},"by_name":{},"by_number":{},"map":{"entries":{}},"set":[]}) satisfies PluvInput<Maps>;
// @ts-expect-error
({"by_bool":{"yes":1},"by_color":{},"by_name":{},"by_number":{},"map":{"entries":{}},"set":[]}) satisfies PluvInput<Maps>;
// @ts-expect-error
({"by_bool":{},"by_color":{},"by_name":{},"by_number":{},"map":{"entries":{"1":{"repetitions":"1"}}},"set":[]}) satisfies PluvInput<Maps>;
({"outer":1,"inner":2,"kind":"empty"}) satisfies Flattened;
({"outer":1,"inner":2,"kind":"empty"}) satisfies PluvInput<Flattened>;
({"outer":1,"inner":2,"kind":"circle","theRadius":1.5}) satisfies Flattened;
({"outer":1,"inner":2,"kind":"circle","theRadius":1.5}) satisfies PluvInput<Flattened>;
({"outer":1,"inner":2,"kind":"wrapped","side":1.5}) satisfies Flattened;
({"outer":1,"inner":2,"kind":"wrapped","side":1.5}) satisfies PluvInput<Flattened>;
// @ts-expect-error
({"inner":{"inner":2},"kind":"empty","outer":1}) satisfies PluvInput<Flattened>;
// @ts-expect-error
({"inner":2,"kind":"circle","outer":1}) satisfies PluvInput<Flattened>;
({"tuple":[1,"a"],"array":[1,2,3],"newtype":[{"inner":1}],"pair":[1,null],"unit":null,"external":["unit",{"newtype":1},{"tuple":[1,"a"]},{"fields":{"two_words":1}},"a \"quoted\" variant"],"adjacent":[{"t":"Unit"},{"t":"Newtype","c":[1]},{"t":"Fields","c":{"x":-1}}],"untagged":["a",1,{"x":1},{"x":null}],"tagged":{"v":"Tagged","x":1}}) satisfies Collections;
({"tuple":[1,"a"],"array":[1,2,3],"newtype":[{"inner":1}],"pair":[1,null],"unit":null,"external":["unit",{"newtype":1},{"tuple":[1,"a"]},{"fields":{"two_words":1}},"a \"quoted\" variant"],"adjacent":[{"t":"Unit"},{"t":"Newtype","c":[1]},{"t":"Fields","c":{"x":-1}}],"untagged":["a",1,{"x":1},{"x":null}],"tagged":{"v":"Tagged","x":1}}) satisfies PluvInput<Collections>;
// @ts-expect-error
({"fields":{"twoWords":1}}) satisfies PluvInput<External>;
// @ts-expect-error
("Unit") satisfies PluvInput<External>;
({"at":"2026-01-02T03:04:05.678Z","day":"2026-01-02"}) satisfies Times;
({"at":"2026-01-02T03:04:05.678Z","day":"2026-01-02"}) satisfies PluvInput<Times>;
// @ts-expect-error
({"at":5,"day":"2026-01-02"}) satisfies PluvInput<Times>;
({"value":{"a":[1,"b",null,{"c":true}]},"object":{"a":[1,"b",null,{"c":true}]}}) satisfies Anything;
({"value":{"a":[1,"b",null,{"c":true}]},"object":{"a":[1,"b",null,{"c":true}]}}) satisfies PluvInput<Anything>;
({"value":null,"object":{}}) satisfies Anything;
({"value":null,"object":{}}) satisfies PluvInput<Anything>;
// @ts-expect-error
({"object":{}}) satisfies PluvInput<Anything>;
({"items":[{"inner":1}],"next":4294967295}) satisfies Page<Inner>;
({"items":[{"inner":1}],"next":4294967295}) satisfies PluvInput<Page<Inner>>;
({"items":[],"next":null}) satisfies Page<number>;
({"items":[],"next":null}) satisfies PluvInput<Page<number>>;
({"items":[]}) satisfies PluvInput<Page<Inner>>;
// @ts-expect-error
({"items":[1]}) satisfies PluvInput<Page<Inner>>;
({"children":[{"children":[]}]}) satisfies Tree;
({"children":[{"children":[]}]}) satisfies PluvInput<Tree>;
