BEGIN TRANSACTION;
CREATE TABLE accounts (
	"key" VARCHAR(24) NOT NULL, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_accounts PRIMARY KEY ("key")
);
INSERT INTO "accounts" VALUES('0014545a34e3177eb0648172','{"network":"bluesky","id":"did:web:amy.bluesky.example","handle":"amy.bluesky.example","name":"Amy","url":"https://bluesky.example/profile/amy.bluesky.example","signals":{}}');
INSERT INTO "accounts" VALUES('03741c28c310c37fd8ec8b41','{"network":"mastodon","id":"https://mastodon.example/users/ben","handle":"@ben@mastodon.example","name":"Ben Ölçer","url":"https://mastodon.example/@ben@mastodon.example","signals":{}}');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0008');
CREATE TABLE alerts (
	"key" VARCHAR NOT NULL, 
	since BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	told_at BIGINT, 
	ended_at BIGINT, 
	CONSTRAINT pk_alerts PRIMARY KEY ("key")
);
INSERT INTO "alerts" VALUES('silent:sky',1799355000000000,1799355600000000,1799355000000000,1799355600000000);
CREATE TABLE answers (
	chat VARCHAR NOT NULL, 
	post INTEGER NOT NULL, 
	question VARCHAR NOT NULL, 
	how VARCHAR(10) NOT NULL, 
	CONSTRAINT pk_answers PRIMARY KEY (chat, post, question), 
	CONSTRAINT fk_answers_chat_post FOREIGN KEY(chat, post) REFERENCES chat_posts (chat, post) ON DELETE CASCADE
);
INSERT INTO "answers" VALUES('edchat/2027-01-07',3,'edchat/2027-01-07/q1','reply');
INSERT INTO "answers" VALUES('edchat/2027-01-07',4,'edchat/2027-01-07/q1','reply');
INSERT INTO "answers" VALUES('edchat/2027-01-07',6,'edchat/2027-01-07/q1','reply');
CREATE TABLE blobs (
	sha256 VARCHAR(64) NOT NULL, 
	mime VARCHAR NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_blobs PRIMARY KEY (sha256)
);
INSERT INTO "blobs" VALUES('843ac23b1736b4487ec81cf7c07ddd9bb46ae5b7818c2c3843d99d62fa75f3c9','image/png',X'89504E470D0A1A0A00');
CREATE TABLE chat_posts (
	chat VARCHAR NOT NULL, 
	post INTEGER NOT NULL, 
	in_thread BOOLEAN NOT NULL, 
	store BOOLEAN NOT NULL, 
	hold BOOLEAN NOT NULL, 
	search BOOLEAN NOT NULL, 
	why VARCHAR(30) NOT NULL, held VARCHAR(80) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_chat_posts PRIMARY KEY (chat, post), 
	CONSTRAINT fk_chat_posts_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE, 
	CONSTRAINT fk_chat_posts_post FOREIGN KEY(post) REFERENCES posts (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "chat_posts" VALUES('edchat/2027-01-07',1,1,0,0,0,'noarchive','');
INSERT INTO "chat_posts" VALUES('edchat/2027-01-07',2,1,0,0,0,'everyone','');
INSERT INTO "chat_posts" VALUES('edchat/2027-01-07',3,1,1,0,1,'everyone','');
INSERT INTO "chat_posts" VALUES('edchat/2027-01-07',4,1,1,1,1,'joined','photo');
INSERT INTO "chat_posts" VALUES('edchat/2027-01-07',5,1,0,0,0,'request','');
INSERT INTO "chat_posts" VALUES('edchat/2027-01-07',6,1,1,0,1,'joined','');
INSERT INTO "chat_posts" VALUES('edchat/2027-01-07',7,1,0,0,0,'noindex','');
CREATE TABLE chats (
	id VARCHAR NOT NULL, 
	series VARCHAR NOT NULL, 
	starts_at BIGINT NOT NULL, 
	ends_at BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	cancelled BOOLEAN NOT NULL, 
	taken_out_at BIGINT, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_chats PRIMARY KEY (id), 
	CONSTRAINT fk_chats_series FOREIGN KEY(series) REFERENCES series (slug)
);
INSERT INTO "chats" VALUES('edchat/2027-01-07','edchat',1799352000000000,1799355600000000,27,0,NULL,'{"id":"edchat/2027-01-07","series":"edchat","date":"2027-01-07","timezone":"Europe/London","starts_at":"2027-01-07T20:00:00Z","ends_at":"2027-01-07T21:00:00Z","topic":"Feedback","questions":[{"ask":"What works?","poll":[],"image":null,"offset":null},{"ask":"What did you stop?","poll":[],"image":null,"offset":null},{"ask":"And now?","poll":[],"image":null,"offset":null}],"hosts":[],"resources":[],"about":""}');
CREATE TABLE claims (
	"by" VARCHAR(24) NOT NULL, 
	other VARCHAR(24) NOT NULL, 
	kind VARCHAR(4) NOT NULL, 
	at BIGINT NOT NULL, 
	called VARCHAR(24) NOT NULL, 
	source VARCHAR NOT NULL, 
	CONSTRAINT pk_claims PRIMARY KEY ("by", other, kind, at)
);
INSERT INTO "claims" VALUES('0014545a34e3177eb0648172','03741c28c310c37fd8ec8b41','also',1799398800000000,'b689c1787815008f31a78e94','asked');
CREATE TABLE consents (
	account VARCHAR(24) NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	series VARCHAR NOT NULL, 
	at BIGINT NOT NULL, 
	source VARCHAR NOT NULL, 
	CONSTRAINT pk_consents PRIMARY KEY (account, kind, series, at)
);
INSERT INTO "consents" VALUES('03741c28c310c37fd8ec8b41','joined','edchat',1799352600000000,'join');
INSERT INTO "consents" VALUES('886624d82ade51c134f6d106','stopped','',1799352600000000,'remove-me');
INSERT INTO "consents" VALUES('bbb0d5b4495a5052e292b069','stopped','',1799352600000000,'remove-me');
CREATE TABLE copies (
	copy VARCHAR(24) NOT NULL, 
	original VARCHAR(24) NOT NULL, 
	CONSTRAINT pk_copies PRIMARY KEY (copy)
);
INSERT INTO "copies" VALUES('cccccccccccccccccccccccc','dddddddddddddddddddddddd');
CREATE TABLE cursors (
	account VARCHAR NOT NULL, 
	stream VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_cursors PRIMARY KEY (account, stream)
);
INSERT INTO "cursors" VALUES('bluesky','listen','15');
INSERT INTO "cursors" VALUES('mastodon','listen','13');
INSERT INTO "cursors" VALUES('bluesky','golden','42');
INSERT INTO "cursors" VALUES('886624d82ade51c134f6d106','left:','2027-01-07T20:10:00+00:00');
CREATE TABLE deliveries (
	id VARCHAR NOT NULL, 
	prompt VARCHAR NOT NULL, 
	chat VARCHAR NOT NULL, 
	series VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	network VARCHAR(20) NOT NULL, 
	"order" INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	useful_until BIGINT NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	attempts INTEGER NOT NULL, 
	retry_at BIGINT, 
	error TEXT NOT NULL, 
	sent_at BIGINT, 
	owner VARCHAR, 
	lease_until BIGINT, 
	draft TEXT, 
	CONSTRAINT pk_deliveries PRIMARY KEY (id), 
	CONSTRAINT fk_deliveries_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE, 
	CONSTRAINT fk_deliveries_prompt FOREIGN KEY(prompt) REFERENCES prompts (id) ON DELETE CASCADE
);
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/announce-1h@bluesky','edchat/2027-01-07/announce-1h','edchat/2027-01-07','edchat','bluesky','bluesky',0,1799348400000000,1799352000000000,'sent',0,NULL,'',1799348400000000,NULL,NULL,'{"posts":[{"text":{"text":"announce-1h","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T19:00:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/announce-1h@mastodon','edchat/2027-01-07/announce-1h','edchat/2027-01-07','edchat','mastodon','mastodon',0,1799348400000000,1799352000000000,'sent',0,NULL,'',1799348400000000,NULL,NULL,'{"posts":[{"text":{"text":"announce-1h","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T19:00:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/welcome@bluesky','edchat/2027-01-07/welcome','edchat/2027-01-07','edchat','bluesky','bluesky',1,1799352000000000,1799352600000000,'sent',0,NULL,'',1799352000000000,NULL,NULL,'{"posts":[{"text":{"text":"welcome","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T20:00:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/welcome@mastodon','edchat/2027-01-07/welcome','edchat/2027-01-07','edchat','mastodon','mastodon',1,1799352000000000,1799352600000000,'sent',0,NULL,'',1799352000000000,NULL,NULL,'{"posts":[{"text":{"text":"welcome","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T20:00:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/q1@bluesky','edchat/2027-01-07/q1','edchat/2027-01-07','edchat','bluesky','bluesky',2,1799352300000000,1799355600000000,'sent',0,NULL,'',1799352360000000,NULL,NULL,'{"posts":[{"text":{"text":"q1","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T20:05:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/q1@mastodon','edchat/2027-01-07/q1','edchat/2027-01-07','edchat','mastodon','mastodon',2,1799352300000000,1799355600000000,'sent',0,NULL,'',1799352360000000,NULL,NULL,'{"posts":[{"text":{"text":"q1","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T20:05:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/q2@bluesky','edchat/2027-01-07/q2','edchat/2027-01-07','edchat','bluesky','bluesky',3,1799353380000000,1799355600000000,'sent',0,NULL,'',1799353440000000,NULL,NULL,'{"posts":[{"text":{"text":"q2","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T20:23:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/q2@mastodon','edchat/2027-01-07/q2','edchat/2027-01-07','edchat','mastodon','mastodon',3,1799353380000000,1799355600000000,'sent',0,NULL,'',1799353440000000,NULL,NULL,'{"posts":[{"text":{"text":"q2","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T20:23:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/q3@bluesky','edchat/2027-01-07/q3','edchat/2027-01-07','edchat','bluesky','bluesky',4,1799354460000000,1799355600000000,'sent',0,NULL,'',1799354520000000,NULL,NULL,'{"posts":[{"text":{"text":"q3","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T20:41:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/q3@mastodon','edchat/2027-01-07/q3','edchat/2027-01-07','edchat','mastodon','mastodon',4,1799354460000000,1799355600000000,'sent',0,NULL,'',1799354520000000,NULL,NULL,'{"posts":[{"text":{"text":"q3","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T20:41:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/wrap-up@bluesky','edchat/2027-01-07/wrap-up','edchat/2027-01-07','edchat','bluesky','bluesky',5,1799355600000000,1799398800000000,'sent',0,NULL,'',1799355660000000,NULL,NULL,'{"posts":[{"text":{"text":"wrap-up","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},{"text":{"text":"and thanks","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T21:00:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/wrap-up@mastodon','edchat/2027-01-07/wrap-up','edchat/2027-01-07','edchat','mastodon','mastodon',5,1799355600000000,1799398800000000,'sent',0,NULL,'',1799355660000000,NULL,NULL,'{"posts":[{"text":{"text":"wrap-up","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},{"text":{"text":"and thanks","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":""}],"languages":["en"],"at":"2027-01-07T21:00:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/digest@bluesky','edchat/2027-01-07/digest','edchat/2027-01-07','edchat','bluesky','bluesky',6,1799362800000000,1799967600000000,'sent',0,NULL,'',1799363400000000,NULL,NULL,'{"posts":[{"text":{"text":"digest","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},{"text":{"text":"pick 9512643a4ff0e45e3dc3959a","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":"9512643a4ff0e45e3dc3959a"},{"text":{"text":"pick 16569562e0a2bbfa3c926fa8","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":"16569562e0a2bbfa3c926fa8"}],"languages":["en"],"at":"2027-01-07T23:00:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
INSERT INTO "deliveries" VALUES('edchat/2027-01-07/digest@mastodon','edchat/2027-01-07/digest','edchat/2027-01-07','edchat','mastodon','mastodon',6,1799362800000000,1799967600000000,'sent',0,NULL,'',1799363400000000,NULL,NULL,'{"posts":[{"text":{"text":"digest","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},{"text":{"text":"pick 9512643a4ff0e45e3dc3959a","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":"9512643a4ff0e45e3dc3959a"},{"text":{"text":"pick 16569562e0a2bbfa3c926fa8","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":"16569562e0a2bbfa3c926fa8"}],"languages":["en"],"at":"2027-01-07T23:00:00Z","reply_to":null,"reply_root":null,"warning":"","gated":false}');
CREATE TABLE digests (
	chat VARCHAR NOT NULL, 
	at BIGINT NOT NULL, 
	until BIGINT NOT NULL, 
	told BOOLEAN NOT NULL, 
	CONSTRAINT pk_digests PRIMARY KEY (chat), 
	CONSTRAINT fk_digests_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE
);
CREATE TABLE errands (
	id VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	at BIGINT NOT NULL, 
	data TEXT, 
	attempts INTEGER NOT NULL, 
	retry_at BIGINT, 
	error TEXT NOT NULL, 
	done_at BIGINT, 
	CONSTRAINT pk_errands PRIMARY KEY (id)
);
INSERT INTO "errands" VALUES('like:f7fcd42e8df85df807fd6682','bluesky','like',1799353440000000,NULL,1,NULL,'',1799353440000000);
CREATE TABLE follow_ups (
	post VARCHAR(24) NOT NULL, 
	chat VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	asked_at BIGINT, 
	ended_at BIGINT, 
	CONSTRAINT pk_follow_ups PRIMARY KEY (post), 
	CONSTRAINT fk_follow_ups_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE
);
INSERT INTO "follow_ups" VALUES('9512643a4ff0e45e3dc3959a','edchat/2027-01-07','sky',1799355600000000,NULL);
CREATE TABLE host_sayings (
	chat VARCHAR NOT NULL, 
	at BIGINT NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	answer VARCHAR(24) NOT NULL, 
	words TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	"by" VARCHAR(80) NOT NULL, 
	CONSTRAINT pk_host_sayings PRIMARY KEY (chat, at), 
	CONSTRAINT fk_host_sayings_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE
);
INSERT INTO "host_sayings" VALUES('edchat/2027-01-07',1799355000000000,'pinned','9512643a4ff0e45e3dc3959a','','','cli');
INSERT INTO "host_sayings" VALUES('edchat/2027-01-07',1799362900000000,'edited','','Thank you all for staying late.','','cli');
INSERT INTO "host_sayings" VALUES('edchat/2027-01-07',1799363000000000,'approved','','','read aloud to the team','cli');
CREATE TABLE left_out (
	post INTEGER NOT NULL, 
	author VARCHAR(24) NOT NULL, 
	called VARCHAR(24) NOT NULL, 
	network VARCHAR(20) NOT NULL, 
	ref TEXT NOT NULL, 
	CONSTRAINT pk_left_out PRIMARY KEY (post), 
	CONSTRAINT fk_left_out_post FOREIGN KEY(post) REFERENCES posts (id) ON DELETE CASCADE
);
INSERT INTO "left_out" VALUES(7,'ccb425f8595dd29e5c26dbae','80361816587afd61b82c6bad','mastodon','{"network":"mastodon","id":"mastodon.example/6","cid":"","url":"https://mastodon.example/@dan@mastodon.example/6"}');
CREATE TABLE locks (
	name VARCHAR NOT NULL, 
	owner VARCHAR NOT NULL, 
	lease_until BIGINT NOT NULL, 
	CONSTRAINT pk_locks PRIMARY KEY (name)
);
CREATE TABLE meta (
	name VARCHAR(40) NOT NULL, 
	value BLOB NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('pepper',X'6120676F6C64656E207365637265742C203332206279746573206C6F6E672E2E');
INSERT INTO "meta" VALUES('beats.tick',X'5B313739393334383430303030303030302C313739393335323030303030303030302C313739393335323336303030303030302C313739393335323630303030303030302C313739393335333434303030303030302C313739393335343532303030303030302C313739393335353636303030303030302C313739393335353732303030303030302C313739393335363830303030303030302C313739393336303430303030303030302C313739393336333430303030303030302C313739393336333436303030303030305D');
INSERT INTO "meta" VALUES('tidied',X'31373939333533343430303030303030');
CREATE TABLE notices (
	id VARCHAR(80) NOT NULL, 
	message VARCHAR(64) NOT NULL, 
	at BIGINT NOT NULL, 
	data TEXT, 
	attempts INTEGER NOT NULL, 
	retry_at BIGINT, 
	error TEXT NOT NULL, 
	done_at BIGINT, 
	CONSTRAINT pk_notices PRIMARY KEY (id)
);
INSERT INTO "notices" VALUES('m1:0','m1',1799355000000000,NULL,1,NULL,'',1799355001000000);
CREATE TABLE page_marks (
	path VARCHAR NOT NULL, 
	mark VARCHAR NOT NULL, 
	CONSTRAINT pk_page_marks PRIMARY KEY (path)
);
CREATE TABLE parts (
	delivery VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	"key" VARCHAR NOT NULL, 
	payload TEXT NOT NULL, 
	needs TEXT NOT NULL, 
	post INTEGER NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	tried_at BIGINT, 
	remote TEXT, 
	sent_at BIGINT, 
	answer VARCHAR(24) NOT NULL, 
	CONSTRAINT pk_parts PRIMARY KEY (delivery, position), 
	CONSTRAINT fk_parts_delivery FOREIGN KEY(delivery) REFERENCES deliveries (id) ON DELETE CASCADE
);
INSERT INTO "parts" VALUES('edchat/2027-01-07/announce-1h@bluesky',0,'post','15bbf83071877105b4d6903df9de714e','{"post":{"text":{"text":"announce-1h","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799348400000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000001","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000001"}',1799348400000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/announce-1h@mastodon',0,'post','cfc9f2233ca89f34d151f3b8066e6117','{"post":{"text":{"text":"announce-1h","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799348400000000,'{"network":"mastodon","id":"mastodon.example/1","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/1"}',1799348400000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/welcome@bluesky',0,'post','7e665698c2988443518a667f9fa27e1e','{"post":{"text":{"text":"welcome","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799352000000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000002","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000002"}',1799352000000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/welcome@mastodon',0,'post','abd619932df72550054814cfd0d8f50e','{"post":{"text":{"text":"welcome","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799352000000000,'{"network":"mastodon","id":"mastodon.example/2","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/2"}',1799352000000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/q1@bluesky',0,'post','41c6e7be69f09e3bd4226f55ed5a73cc','{"post":{"text":{"text":"q1","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799352360000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000003","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000003"}',1799352360000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/q1@mastodon',0,'post','dd763f80cea7bb76d11fcff491d33e2f','{"post":{"text":{"text":"q1","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799352360000000,'{"network":"mastodon","id":"mastodon.example/3","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/3"}',1799352360000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/q2@bluesky',0,'post','2220887d32454705b4de6f8b379ac1a6','{"post":{"text":{"text":"q2","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799353440000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000008","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000008"}',1799353440000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/q2@mastodon',0,'post','a2fba507f1ac417b4a1b68a87c919387','{"post":{"text":{"text":"q2","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799353440000000,'{"network":"mastodon","id":"mastodon.example/7","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/7"}',1799353440000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/q3@bluesky',0,'post','1ef6d77227f31c4b49837b1854df8c9f','{"post":{"text":{"text":"q3","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799354520000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000009","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000009"}',1799354520000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/q3@mastodon',0,'post','16175e7717a49c565c567d5ac7319823','{"post":{"text":{"text":"q3","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799354520000000,'{"network":"mastodon","id":"mastodon.example/8","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/8"}',1799354520000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/wrap-up@bluesky',0,'post','0176700f93d649649d9b2289f96552b3','{"post":{"text":{"text":"wrap-up","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799355660000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000010","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000010"}',1799355660000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/wrap-up@bluesky',1,'post','e2147ad7b4269ce42e98e32853b7c6a0','{"post":{"text":{"text":"and thanks","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[0]',1,'sent',1799355660000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000011","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000011"}',1799355660000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/wrap-up@mastodon',0,'post','3328c2d9838aeb9383034870341a9f08','{"post":{"text":{"text":"wrap-up","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799355660000000,'{"network":"mastodon","id":"mastodon.example/9","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/9"}',1799355660000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/wrap-up@mastodon',1,'post','420d1c17715142d1475d993792901445','{"post":{"text":{"text":"and thanks","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[0]',1,'sent',1799355660000000,'{"network":"mastodon","id":"mastodon.example/10","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/10"}',1799355660000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/digest@bluesky',0,'post','4465933e8951fc951b4d77626754beed','{"post":{"text":{"text":"digest","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799363400000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000012","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000012"}',1799363400000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/digest@bluesky',1,'post','8b3ad6bb39f988d100bf8ffd7d41798f','{"post":{"text":{"text":"pick 9512643a4ff0e45e3dc3959a","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":"9512643a4ff0e45e3dc3959a"},"languages":["en"],"warning":"","parent":""}','[0]',1,'sent',1799363400000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000013","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000013"}',1799363400000000,'9512643a4ff0e45e3dc3959a');
INSERT INTO "parts" VALUES('edchat/2027-01-07/digest@bluesky',2,'post','7a2fe35356c6da1b6cb74630a9b6df49','{"post":{"text":{"text":"pick 16569562e0a2bbfa3c926fa8","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":"16569562e0a2bbfa3c926fa8"},"languages":["en"],"warning":"","parent":""}','[0]',2,'sent',1799363400000000,'{"network":"bluesky","id":"at://did:web:staffroom.bluesky.example/app.bsky.feed.post/0000000000014","cid":"","url":"https://bluesky.example/profile/staffroom.bluesky.example/post/0000000000014"}',1799363400000000,'16569562e0a2bbfa3c926fa8');
INSERT INTO "parts" VALUES('edchat/2027-01-07/digest@mastodon',0,'post','b94c660df9d86e9a80f9b8cc1cf44fd6','{"post":{"text":{"text":"digest","facets":[]},"reply_to":null,"visibility":"public","media":[],"poll":null,"answer":""},"languages":["en"],"warning":"","parent":""}','[]',0,'sent',1799363400000000,'{"network":"mastodon","id":"mastodon.example/11","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/11"}',1799363400000000,'');
INSERT INTO "parts" VALUES('edchat/2027-01-07/digest@mastodon',1,'post','86d76e54cf81167be37d0b8ee1ad5903','{"post":{"text":{"text":"pick 9512643a4ff0e45e3dc3959a","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":"9512643a4ff0e45e3dc3959a"},"languages":["en"],"warning":"","parent":""}','[0]',1,'sent',1799363400000000,'{"network":"mastodon","id":"mastodon.example/12","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/12"}',1799363400000000,'9512643a4ff0e45e3dc3959a');
INSERT INTO "parts" VALUES('edchat/2027-01-07/digest@mastodon',2,'post','68c6f0cd354b7274ae9fec7032a78566','{"post":{"text":{"text":"pick 16569562e0a2bbfa3c926fa8","facets":[]},"reply_to":0,"visibility":"unlisted","media":[],"poll":null,"answer":"16569562e0a2bbfa3c926fa8"},"languages":["en"],"warning":"","parent":""}','[0]',2,'sent',1799363400000000,'{"network":"mastodon","id":"mastodon.example/13","cid":"","url":"https://mastodon.example/@staffroom@mastodon.example/13"}',1799363400000000,'16569562e0a2bbfa3c926fa8');
CREATE TABLE permissions (
	post VARCHAR(24) NOT NULL, 
	purpose VARCHAR NOT NULL, 
	chat VARCHAR NOT NULL, 
	agreed BOOLEAN NOT NULL, 
	words BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	CONSTRAINT pk_permissions PRIMARY KEY (post, purpose), 
	CONSTRAINT fk_permissions_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE
);
INSERT INTO "permissions" VALUES('16569562e0a2bbfa3c926fa8','story/marking','edchat/2027-01-07',1,7,1799485200000000,'kim','She wrote so.');
CREATE TABLE picks (
	chat VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	question VARCHAR NOT NULL, 
	answer VARCHAR(24) NOT NULL, 
	why TEXT NOT NULL, 
	CONSTRAINT pk_picks PRIMARY KEY (chat, position), 
	CONSTRAINT fk_picks_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE
);
INSERT INTO "picks" VALUES('edchat/2027-01-07',0,'edchat/2027-01-07/q1','9512643a4ff0e45e3dc3959a','the first answer');
INSERT INTO "picks" VALUES('edchat/2027-01-07',1,'edchat/2027-01-07/q1','16569562e0a2bbfa3c926fa8','so that more people are heard');
CREATE TABLE pictures (
	post INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	retry_at BIGINT, 
	sha256 VARCHAR(64), 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	data BLOB, 
	CONSTRAINT pk_pictures PRIMARY KEY (post, position), 
	CONSTRAINT fk_pictures_post FOREIGN KEY(post) REFERENCES posts (id) ON DELETE CASCADE
);
INSERT INTO "pictures" VALUES(3,0,'https://mastodon.example/media/1.webp',2,1799360000000000,NULL,0,0,NULL);
CREATE TABLE poll_counts (
	delivery VARCHAR NOT NULL, 
	at BIGINT NOT NULL, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_poll_counts PRIMARY KEY (delivery), 
	CONSTRAINT fk_poll_counts_delivery FOREIGN KEY(delivery) REFERENCES deliveries (id) ON DELETE CASCADE
);
INSERT INTO "poll_counts" VALUES('edchat/2027-01-07/q1@mastodon',1799355900000000,'{"options":["Ticks","Levels"],"votes":[3,1],"over":true}');
CREATE TABLE posts (
	id INTEGER NOT NULL, 
	"key" VARCHAR(24) NOT NULL, 
	parent VARCHAR(24) NOT NULL, 
	root VARCHAR(24) NOT NULL, 
	quote VARCHAR(24) NOT NULL, 
	at BIGINT NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	network VARCHAR(20), 
	account VARCHAR(24), 
	links INTEGER NOT NULL, 
	checked_at BIGINT, 
	fingerprint BIGINT, 
	data TEXT, asked_at BIGINT, 
	CONSTRAINT pk_posts PRIMARY KEY (id), 
	CONSTRAINT fk_posts_account FOREIGN KEY(account) REFERENCES accounts ("key"), 
	CONSTRAINT uq_posts_key UNIQUE ("key")
);
INSERT INTO "posts" VALUES(1,'48bbe9f657f6bde20e4b9787','5b6e171c594e6fe8a25bd194','5b6e171c594e6fe8a25bd194','',1799352360000000,'bare',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "posts" VALUES(2,'503e8d4de68578747ef09d48','5b6e171c594e6fe8a25bd194','5b6e171c594e6fe8a25bd194','',1799352360000000,'buried',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "posts" VALUES(3,'9512643a4ff0e45e3dc3959a','5b6e171c594e6fe8a25bd194','5b6e171c594e6fe8a25bd194','',1799352360000000,'kept','bluesky','0014545a34e3177eb0648172',1,1799363400000000,7780986038667632595,'{"ref":{"network":"bluesky","id":"at://did:web:amy.bluesky.example/app.bsky.feed.post/0000000000004","cid":"","url":"https://bluesky.example/profile/amy.bluesky.example/post/0000000000004"},"text":{"text":"A1 We read them aloud, see https://example.org/aloud","facets":[{"start":27,"end":52,"feature":{"type":"link","uri":"https://example.org/aloud"}}]},"languages":["en"],"uri":"at://did:web:amy.bluesky.example/app.bsky.feed.post/0000000000004"}',NULL);
INSERT INTO "posts" VALUES(4,'e77c5c3e19a6ba3572b8807c','d043dd4441920f2b7df5b99f','d043dd4441920f2b7df5b99f','',1799352360000000,'kept','mastodon','03741c28c310c37fd8ec8b41',0,1799360400000000,-3308587063410475585,'{"ref":{"network":"mastodon","id":"mastodon.example/4","cid":"","url":"https://mastodon.example/@ben@mastodon.example/4"},"text":{"text":"Nous écrivons 💡 au crayon","facets":[]},"media":[{"kind":"image","alt":"a wall"}],"uri":"mastodon.example/4"}',NULL);
INSERT INTO "posts" VALUES(5,'f7fcd42e8df85df807fd6682','5b6e171c594e6fe8a25bd194','5b6e171c594e6fe8a25bd194','',1799352600000000,'bare',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "posts" VALUES(6,'16569562e0a2bbfa3c926fa8','d043dd4441920f2b7df5b99f','d043dd4441920f2b7df5b99f','',1799352600000000,'kept','mastodon','03741c28c310c37fd8ec8b41',0,1799360400000000,-3552826456324534144,'{"ref":{"network":"mastodon","id":"mastodon.example/5","cid":"","url":"https://mastodon.example/@ben@mastodon.example/5"},"text":{"text":"@​staffroom no name","facets":[]},"uri":"mastodon.example/5"}',NULL);
INSERT INTO "posts" VALUES(7,'ab89817a080af25bb8b346f0','d043dd4441920f2b7df5b99f','d043dd4441920f2b7df5b99f','',1799352600000000,'bare',NULL,NULL,0,NULL,NULL,NULL,NULL);
CREATE TABLE prompts (
	id VARCHAR NOT NULL, 
	chat VARCHAR NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	number INTEGER NOT NULL, 
	"order" INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	useful_until BIGINT NOT NULL, answer VARCHAR(24) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_prompts PRIMARY KEY (id), 
	CONSTRAINT fk_prompts_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE
);
INSERT INTO "prompts" VALUES('edchat/2027-01-07/announce-1h','edchat/2027-01-07','announcement',0,0,1799348400000000,1799352000000000,'');
INSERT INTO "prompts" VALUES('edchat/2027-01-07/welcome','edchat/2027-01-07','welcome',0,1,1799352000000000,1799352600000000,'');
INSERT INTO "prompts" VALUES('edchat/2027-01-07/q1','edchat/2027-01-07','question',1,2,1799352300000000,1799355600000000,'');
INSERT INTO "prompts" VALUES('edchat/2027-01-07/q2','edchat/2027-01-07','question',2,3,1799353380000000,1799355600000000,'');
INSERT INTO "prompts" VALUES('edchat/2027-01-07/q3','edchat/2027-01-07','question',3,4,1799354460000000,1799355600000000,'');
INSERT INTO "prompts" VALUES('edchat/2027-01-07/wrap-up','edchat/2027-01-07','wrap-up',0,5,1799355600000000,1799398800000000,'');
INSERT INTO "prompts" VALUES('edchat/2027-01-07/digest','edchat/2027-01-07','digest',0,6,1799362800000000,1799967600000000,'');
CREATE TABLE rulings (
	post VARCHAR(24) NOT NULL, 
	at BIGINT NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	words BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	"by" VARCHAR(80) NOT NULL, 
	CONSTRAINT pk_rulings PRIMARY KEY (post, at)
);
INSERT INTO "rulings" VALUES('9512643a4ff0e45e3dc3959a',1799352600000000,'released',7,'read it','a host');
CREATE TABLE series (
	slug VARCHAR NOT NULL, 
	grace BIGINT NOT NULL, 
	late BIGINT NOT NULL, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_series PRIMARY KEY (slug)
);
INSERT INTO "series" VALUES('edchat',7200000000,1209600000000,'{"slug":"edchat","title":"Ed Chat","hashtag":"EdChat","timezone":"Europe/London","rhythm":{"type":"dates"},"at":"20:00:00","accounts":["bluesky","mastodon"],"about":"","format":"live","length":"PT3600S","pace":null,"terms":[],"skip":[],"hosts":[],"announce":["PT3600S"],"archive":"everyone","keep":null,"repeats":[],"also_show":[],"threadgate":false,"languages":["en"],"grace":"PT7200S","late":"P14D","index":false,"chats":[{"date":"2027-01-07","topic":"Feedback","questions":[{"ask":"What works?","poll":[],"image":null,"offset":null},{"ask":"What did you stop?","poll":[],"image":null,"offset":null},{"ask":"And now?","poll":[],"image":null,"offset":null}],"hosts":[],"resources":[],"at":null,"length":null,"about":""}]}');
CREATE TABLE set_aside (
	account VARCHAR NOT NULL, 
	event VARCHAR NOT NULL, 
	error TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_set_aside PRIMARY KEY (account, event)
);
CREATE TABLE sign_ups (
	chat VARCHAR NOT NULL, 
	account VARCHAR(24) NOT NULL, 
	called VARCHAR(24) NOT NULL, 
	network VARCHAR(20) NOT NULL, 
	handle VARCHAR NOT NULL, 
	at BIGINT NOT NULL, 
	coming BOOLEAN NOT NULL, 
	CONSTRAINT pk_sign_ups PRIMARY KEY (chat, account), 
	CONSTRAINT fk_sign_ups_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE
);
INSERT INTO "sign_ups" VALUES('edchat/2027-01-07','0014545a34e3177eb0648172','b689c1787815008f31a78e94','bluesky','amy.bluesky.example',1799398800000000,1);
CREATE TABLE sweeps (
	chat VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_sweeps PRIMARY KEY (chat, account), 
	CONSTRAINT fk_sweeps_chat FOREIGN KEY(chat) REFERENCES chats (id) ON DELETE CASCADE
);
INSERT INTO "sweeps" VALUES('edchat/2027-01-07','bluesky',1799363400000000);
INSERT INTO "sweeps" VALUES('edchat/2027-01-07','mastodon',1799363400000000);
CREATE INDEX ix_chats_series ON chats (series);
CREATE INDEX ix_prompts_chat ON prompts (chat);
CREATE INDEX ix_deliveries_account_state_at ON deliveries (account, state, at);
CREATE INDEX ix_deliveries_chat_account_order ON deliveries (chat, account, "order");
CREATE INDEX ix_deliveries_prompt ON deliveries (prompt);
CREATE INDEX ix_parts_answer ON parts (answer);
CREATE INDEX ix_posts_account ON posts (account);
CREATE INDEX ix_posts_checked_at ON posts (checked_at);
CREATE INDEX ix_chat_posts_post ON chat_posts (post);
CREATE INDEX ix_picks_answer ON picks (answer);
CREATE INDEX ix_left_out_author ON left_out (author);
CREATE INDEX ix_left_out_called ON left_out (called);
CREATE INDEX ix_copies_original ON copies (original);
CREATE INDEX ix_errands_account_done_at ON errands (account, done_at);
CREATE INDEX ix_notices_at ON notices (at);
CREATE INDEX ix_host_sayings_answer ON host_sayings (answer);
CREATE INDEX ix_pictures_retry_at ON pictures (retry_at);
CREATE INDEX ix_pictures_sha256 ON pictures (sha256);
CREATE INDEX ix_prompts_answer ON prompts (answer);
COMMIT;
