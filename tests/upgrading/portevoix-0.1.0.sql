SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.audit (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying(64) NOT NULL,
    action character varying(32) NOT NULL,
    details jsonb NOT NULL,
    previous_hash character varying(64) NOT NULL,
    hash character varying(64) NOT NULL
);
CREATE SEQUENCE public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_id_seq OWNED BY public.audit.id;
CREATE TABLE public.broadcast_texts (
    broadcast bigint NOT NULL,
    language character varying(8) NOT NULL,
    text text NOT NULL
);
CREATE TABLE public.broadcasts (
    id bigint NOT NULL,
    key character varying(64) NOT NULL,
    kind character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    template character varying(64),
    event bigint,
    ballot integer,
    step character varying(32),
    audience jsonb NOT NULL,
    area character varying(8) NOT NULL,
    photo character varying(200),
    starts_at timestamp with time zone NOT NULL,
    local_time boolean DEFAULT false NOT NULL,
    expires_at timestamp with time zone,
    created_by bigint,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    progress_chat bigint,
    progress_message bigint
);
CREATE SEQUENCE public.broadcasts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.broadcasts_id_seq OWNED BY public.broadcasts.id;
CREATE TABLE public.chosen_places (
    person bigint NOT NULL,
    ballot integer NOT NULL,
    place bigint NOT NULL
);
CREATE TABLE public.consents (
    id bigint NOT NULL,
    pseudonym character varying(32) NOT NULL,
    purpose character varying(16) NOT NULL,
    given boolean NOT NULL,
    text_version character varying(16) NOT NULL,
    text_hash character varying(64) NOT NULL,
    language character varying(8) NOT NULL,
    at timestamp with time zone NOT NULL,
    update_id bigint
);
CREATE SEQUENCE public.consents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.consents_id_seq OWNED BY public.consents.id;
CREATE TABLE public.deliveries (
    id bigint NOT NULL,
    broadcast bigint NOT NULL,
    person bigint,
    state character varying(16) DEFAULT 'queued'::character varying NOT NULL,
    due_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    lease_owner character varying(32),
    attempts integer DEFAULT 0 NOT NULL,
    reason character varying(200),
    message_id bigint,
    changed_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    answered_at timestamp with time zone
);
CREATE SEQUENCE public.deliveries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.deliveries_id_seq OWNED BY public.deliveries.id;
CREATE TABLE public.dialogs (
    person bigint NOT NULL,
    flow character varying(32) NOT NULL,
    step character varying(32) NOT NULL,
    data jsonb NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.dialogs_person_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.dialogs_person_seq OWNED BY public.dialogs.person;
CREATE TABLE public.downloads (
    id bigint NOT NULL,
    token_hash character varying(64) NOT NULL,
    telegram_id bigint NOT NULL,
    export jsonb NOT NULL,
    language character varying(8) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE SEQUENCE public.downloads_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.downloads_id_seq OWNED BY public.downloads.id;
CREATE TABLE public.event_texts (
    event bigint NOT NULL,
    language character varying(8) NOT NULL,
    title character varying(200) NOT NULL,
    description text NOT NULL
);
CREATE TABLE public.events (
    id bigint NOT NULL,
    code character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    zone character varying(40) NOT NULL,
    commune character varying(5) NOT NULL,
    department character varying(3) NOT NULL,
    region character varying(3) NOT NULL,
    territory character varying(16) NOT NULL,
    address character varying(300) NOT NULL,
    latitude double precision,
    longitude double precision,
    pinned boolean DEFAULT false NOT NULL,
    created_by bigint,
    created_at timestamp with time zone NOT NULL,
    sequence integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.events_id_seq OWNED BY public.events.id;
CREATE TABLE public.facts (
    name character varying(64) NOT NULL,
    value jsonb NOT NULL
);
CREATE TABLE public.people (
    id bigint NOT NULL,
    telegram_id bigint NOT NULL,
    pseudonym character varying(32) NOT NULL,
    state character varying(16) NOT NULL,
    language character varying(8),
    first_name character varying(64),
    commune character varying(5),
    department character varying(3),
    region character varying(3),
    territory character varying(16),
    country character varying(2),
    zone character varying(40),
    latitude double precision,
    longitude double precision,
    consent_contact boolean DEFAULT false NOT NULL,
    consent_commune boolean DEFAULT false NOT NULL,
    consent_team boolean DEFAULT false NOT NULL,
    consent_keep boolean DEFAULT false NOT NULL,
    mutes_events boolean DEFAULT false NOT NULL,
    mutes_news boolean DEFAULT false NOT NULL,
    mutes_reminders boolean DEFAULT false NOT NULL,
    volunteer boolean DEFAULT false NOT NULL,
    recruiter bigint,
    unanswered integer DEFAULT 0 NOT NULL,
    unreachable_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    registered_at timestamp with time zone,
    seen_at timestamp with time zone NOT NULL,
    replan boolean DEFAULT true NOT NULL,
    renew_contact boolean DEFAULT false NOT NULL,
    renew_commune boolean DEFAULT false NOT NULL,
    renew_team boolean DEFAULT false NOT NULL,
    renew_keep boolean DEFAULT false NOT NULL
);
CREATE SEQUENCE public.people_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.people_id_seq OWNED BY public.people.id;
CREATE TABLE public.polling_places (
    id bigint NOT NULL,
    key character varying(64) NOT NULL,
    commune character varying(5) NOT NULL,
    ballot integer DEFAULT 0 NOT NULL,
    name character varying(120) NOT NULL,
    address character varying(300) NOT NULL,
    opens time without time zone,
    closes time without time zone,
    streets character varying(300),
    surnames_from character varying(40),
    surnames_to character varying(40),
    latitude double precision,
    longitude double precision
);
CREATE SEQUENCE public.polling_places_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.polling_places_id_seq OWNED BY public.polling_places.id;
CREATE TABLE public.responses (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    person bigint,
    question character varying(32) NOT NULL,
    subject character varying(64),
    answer text NOT NULL,
    broadcast bigint,
    message_id bigint,
    update_id bigint,
    commune character varying(5),
    department character varying(3),
    region character varying(3)
);
CREATE SEQUENCE public.responses_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.responses_id_seq OWNED BY public.responses.id;
CREATE TABLE public.rsvps (
    event bigint NOT NULL,
    person bigint NOT NULL,
    answer character varying(8) NOT NULL,
    confirmed boolean DEFAULT false NOT NULL,
    attended boolean,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.staff (
    id bigint NOT NULL,
    telegram_id bigint NOT NULL,
    role character varying(16) NOT NULL,
    area character varying(8) NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by bigint,
    revoked_at timestamp with time zone
);
CREATE SEQUENCE public.staff_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.staff_id_seq OWNED BY public.staff.id;
CREATE TABLE public.staff_links (
    id bigint NOT NULL,
    token_hash character varying(64) NOT NULL,
    role character varying(16) NOT NULL,
    area character varying(8) NOT NULL,
    created_by bigint,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone
);
CREATE SEQUENCE public.staff_links_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.staff_links_id_seq OWNED BY public.staff_links.id;
CREATE TABLE public.suppressions (
    hash character varying(64) NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.updates (
    update_id bigint NOT NULL,
    state character varying(16) NOT NULL,
    chat bigint,
    body bytea,
    received_at timestamp with time zone NOT NULL,
    replies jsonb,
    begun integer DEFAULT 0 NOT NULL,
    error text,
    lease_owner character varying(32)
);
CREATE TABLE public.vote_plans (
    person bigint NOT NULL,
    ballot integer NOT NULL,
    intention character varying(16),
    slot character varying(16),
    departure character varying(16),
    company character varying(16),
    vote character varying(16),
    at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.audit ALTER COLUMN id SET DEFAULT nextval('public.audit_id_seq'::regclass);
ALTER TABLE ONLY public.broadcasts ALTER COLUMN id SET DEFAULT nextval('public.broadcasts_id_seq'::regclass);
ALTER TABLE ONLY public.consents ALTER COLUMN id SET DEFAULT nextval('public.consents_id_seq'::regclass);
ALTER TABLE ONLY public.deliveries ALTER COLUMN id SET DEFAULT nextval('public.deliveries_id_seq'::regclass);
ALTER TABLE ONLY public.dialogs ALTER COLUMN person SET DEFAULT nextval('public.dialogs_person_seq'::regclass);
ALTER TABLE ONLY public.downloads ALTER COLUMN id SET DEFAULT nextval('public.downloads_id_seq'::regclass);
ALTER TABLE ONLY public.events ALTER COLUMN id SET DEFAULT nextval('public.events_id_seq'::regclass);
ALTER TABLE ONLY public.people ALTER COLUMN id SET DEFAULT nextval('public.people_id_seq'::regclass);
ALTER TABLE ONLY public.polling_places ALTER COLUMN id SET DEFAULT nextval('public.polling_places_id_seq'::regclass);
ALTER TABLE ONLY public.responses ALTER COLUMN id SET DEFAULT nextval('public.responses_id_seq'::regclass);
ALTER TABLE ONLY public.staff ALTER COLUMN id SET DEFAULT nextval('public.staff_id_seq'::regclass);
ALTER TABLE ONLY public.staff_links ALTER COLUMN id SET DEFAULT nextval('public.staff_links_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES
	('0006');
INSERT INTO public.audit VALUES
	(1, '2016-10-30 17:00:00+00', 'command line', 'add_staff', '{"area": "69", "link": "84190442dd18", "role": "organizer"}', '0000000000000000000000000000000000000000000000000000000000000000', '8ff991830c46369a35c42c35d6daedc15e70dbfffa3649c3a9882644bcea329a'),
	(2, '2016-10-30 17:00:00+00', 'staff:5000002', 'join_staff', '{"area": "69", "link": "84190442dd18", "role": "organizer"}', '8ff991830c46369a35c42c35d6daedc15e70dbfffa3649c3a9882644bcea329a', 'f8849cb0de4abeaf7913990a499a966eafd73ca43e55cab2612569a82f9d5d84'),
	(3, '2016-10-30 17:00:00+00', 'command line', 'add_staff', '{"area": "69", "link": "36edc47be15d", "role": "coordinator"}', 'f8849cb0de4abeaf7913990a499a966eafd73ca43e55cab2612569a82f9d5d84', '2d1567442dd85d7e853e38e4d8977de5d02633130d4fe6344579db706ee0c930'),
	(4, '2016-10-30 17:00:00+00', 'staff:5000003', 'join_staff', '{"area": "69", "link": "36edc47be15d", "role": "coordinator"}', '2d1567442dd85d7e853e38e4d8977de5d02633130d4fe6344579db706ee0c930', '7455e4a54e4b4b11838d9b002f6a1bffa521a452f57a735c4b153d1e62cfafca'),
	(5, '2016-11-02 09:00:00+00', 'retention', 'purge', '{"profiles": 0, "processed updates": 13, "unfinished dialogs": 0, "unfinished sign-ups": 0, "vote plans and votes": 0, "answers to past events": 0, "expired download links": 0}', '7455e4a54e4b4b11838d9b002f6a1bffa521a452f57a735c4b153d1e62cfafca', 'e128656b6f4d818858277e159df5983c745daf3c0de1cc1f469ebe06ea4aae44'),
	(6, '2016-11-02 09:00:00+00', 'staff:5000002', 'create_event', '{"event": "2bf33d7d", "people": 1, "broadcast": 5}', 'e128656b6f4d818858277e159df5983c745daf3c0de1cc1f469ebe06ea4aae44', 'cdfeb69ea4d1bfaed166522aac990e858725b0a8d3b80cb25e3ebf2f9ce3e510'),
	(7, '2016-11-08 09:00:00+00', 'retention', 'purge', '{"profiles": 0, "processed updates": 26, "unfinished dialogs": 0, "unfinished sign-ups": 0, "vote plans and votes": 0, "answers to past events": 0, "expired download links": 0}', 'cdfeb69ea4d1bfaed166522aac990e858725b0a8d3b80cb25e3ebf2f9ce3e510', 'e934b60b9cb71b3615315a89012672f75685060743ea5be86d92387761130fff'),
	(8, '2016-11-08 09:00:00+00', 'staff:5000002', 'broadcast', '{"kind": "persuasion", "people": 2, "broadcast": 15}', 'e934b60b9cb71b3615315a89012672f75685060743ea5be86d92387761130fff', '727d0a88bfd57ba6f3af0d91f084f9551ce34c43a46f7536aab6b4578754c032'),
	(9, '2016-11-11 09:00:00+00', 'retention', 'purge', '{"profiles": 0, "processed updates": 8, "unfinished dialogs": 0, "unfinished sign-ups": 0, "vote plans and votes": 0, "answers to past events": 0, "expired download links": 0}', '727d0a88bfd57ba6f3af0d91f084f9551ce34c43a46f7536aab6b4578754c032', 'f959651c9b4465e3afed08d28615c0a3179a0e64d037a9ea26f1f2d2acf77252'),
	(10, '2016-11-12 17:00:00+00', 'retention', 'purge', '{"profiles": 0, "processed updates": 1, "unfinished dialogs": 0, "unfinished sign-ups": 0, "vote plans and votes": 0, "answers to past events": 0, "expired download links": 0}', 'f959651c9b4465e3afed08d28615c0a3179a0e64d037a9ea26f1f2d2acf77252', '901c5a9f25c29ca7151476aeb3d32191d54574962dd96be74ddb944e3ec9a8a6'),
	(11, '2016-11-16 17:00:00+00', 'retention', 'purge', '{"profiles": 0, "processed updates": 2, "unfinished dialogs": 0, "unfinished sign-ups": 0, "vote plans and votes": 0, "answers to past events": 0, "expired download links": 0}', '901c5a9f25c29ca7151476aeb3d32191d54574962dd96be74ddb944e3ec9a8a6', '6459589efbb6a059291250c16c08ea73a6f071a0c02dc76ae27779ba6de9f4f2'),
	(12, '2016-11-17 01:00:00+00', 'staff:5000002', 'broadcast', '{"kind": "persuasion", "people": 2, "broadcast": 31}', '6459589efbb6a059291250c16c08ea73a6f071a0c02dc76ae27779ba6de9f4f2', 'e0bc72735db996d6c09424e62b2df5ebdb322d318bafb04c294d8e84e99795f1');
INSERT INTO public.broadcast_texts VALUES
	(15, 'en', 'Hello {{ first_name }}, our programme is online.'),
	(15, 'fr', 'Bonjour {{ first_name }}, notre programme est en ligne.'),
	(31, 'en', 'Hello {{ first_name }}, our programme is online.'),
	(31, 'fr', 'Bonjour {{ first_name }}, notre programme est en ligne.');
INSERT INTO public.broadcasts VALUES
	(5, 'event:1:invite', 'event_invite', 'active', 'broadcasts/event_invitation', 1, NULL, NULL, '{"area": "FR", "radius": {"km": 30, "commune": "69123"}}', '69', NULL, '2016-11-02 09:00:00+00', false, '2016-11-10 18:00:00+00', 2, '2016-11-02 09:00:00+00', '2016-11-02 09:00:00+00', 5000002, 39),
	(1, 'step:1:pledge', 'gotv', 'active', 'pledge', NULL, 1, 'pledge', '{}', 'FR', NULL, '2016-10-29 20:00:00+00', false, NULL, NULL, '2016-10-30 17:00:00+00', '2016-11-08 09:00:00+00', NULL, NULL),
	(15, 'staff:100000047', 'persuasion', 'active', NULL, NULL, NULL, NULL, '{"area": "FR"}', '69', NULL, '2016-11-08 09:00:00+00', false, NULL, 2, '2016-11-08 09:00:00+00', '2016-11-09 10:00:00+00', 5000002, 60),
	(16, 'event:1:event_eve', 'event_service', 'active', 'broadcasts/event_eve', 1, NULL, NULL, '{}', 'FR', NULL, '2016-11-09 10:00:00+00', false, NULL, NULL, '2016-11-09 10:00:00+00', '2016-11-09 10:00:00+00', NULL, NULL),
	(19, 'event:1:event_same_day', 'event_service', 'active', 'broadcasts/event_same_day', 1, NULL, NULL, '{}', 'FR', NULL, '2016-11-10 07:00:00+00', false, NULL, NULL, '2016-11-10 08:00:00+00', '2016-11-11 09:00:00+00', NULL, NULL),
	(20, 'event:1:event_after', 'event_service', 'active', 'broadcasts/event_after', 1, NULL, NULL, '{}', 'FR', NULL, '2016-11-11 08:00:00+00', false, NULL, NULL, '2016-11-11 09:00:00+00', '2016-11-11 09:00:00+00', NULL, NULL),
	(23, 'step:1:where', 'gotv', 'active', 'where', NULL, 1, 'where', '{}', 'FR', NULL, '2016-11-11 21:00:00+00', false, NULL, NULL, '2016-11-12 17:00:00+00', '2016-11-12 17:00:00+00', NULL, NULL),
	(27, 'step:1:plan', 'gotv', 'active', 'plan', NULL, 1, 'plan', '{}', 'FR', NULL, '2016-11-15 21:00:00+00', false, NULL, NULL, '2016-11-16 17:00:00+00', '2016-11-16 17:00:00+00', NULL, NULL),
	(31, 'staff:100000061', 'persuasion', 'active', NULL, NULL, NULL, NULL, '{"area": "FR"}', '69', NULL, '2016-11-17 01:00:00+00', false, NULL, 2, '2016-11-17 01:00:00+00', NULL, 5000002, 81);
INSERT INTO public.consents VALUES
	(1, '858b6d73c5f0ead8', 'contact', true, '1', '55de5be4e3b473c65eae090a037c36304508a5091851e8c535af08f4bb1e8a00', 'fr', '2016-10-29 08:00:00+00', 100000002),
	(2, '858b6d73c5f0ead8', 'commune', true, '1', '4c09d1c188e090f3264a4a437f0e6342c5e2287ccdf226694f7d840561dc6a16', 'fr', '2016-10-29 08:00:00+00', 100000003),
	(3, '858b6d73c5f0ead8', 'team', true, '1', '3e14a2a64471045d97d0751ac47337220910fe28602d32057cfcec1e650033e0', 'fr', '2016-10-29 08:00:00+00', 100000004),
	(4, '858b6d73c5f0ead8', 'keep', true, '1', 'd33bda199ab1a9f306c3c5450486403a23eb11cc8f82b486cc24327ea8b82e5b', 'fr', '2016-10-29 08:00:00+00', 100000005),
	(5, '4b5284a837c36d8a', 'contact', true, '1', '55de5be4e3b473c65eae090a037c36304508a5091851e8c535af08f4bb1e8a00', 'fr', '2016-11-02 09:00:00+00', 100000032),
	(6, '4b5284a837c36d8a', 'commune', true, '1', '4c09d1c188e090f3264a4a437f0e6342c5e2287ccdf226694f7d840561dc6a16', 'fr', '2016-11-02 09:00:00+00', 100000033),
	(7, '4b5284a837c36d8a', 'team', true, '1', '3e14a2a64471045d97d0751ac47337220910fe28602d32057cfcec1e650033e0', 'fr', '2016-11-02 09:00:00+00', 100000034),
	(8, '4b5284a837c36d8a', 'keep', true, '1', 'd33bda199ab1a9f306c3c5450486403a23eb11cc8f82b486cc24327ea8b82e5b', 'fr', '2016-11-02 09:00:00+00', 100000035);
INSERT INTO public.deliveries VALUES
	(1, 1, 1, 'sent', '2016-10-30 17:00:00+00', '2016-11-12 17:00:00+00', NULL, 1, NULL, 7, '2016-10-30 17:00:00+00', '2016-10-30 17:00:00+00', '2016-10-30 17:00:00+00'),
	(14, 27, 1, 'sent', '2016-11-16 17:00:00+00', '2016-11-18 17:00:00+00', NULL, 1, NULL, 69, '2016-11-16 17:00:00+00', '2016-11-16 17:00:00+00', '2016-11-16 17:00:00+00'),
	(2, 5, 1, 'sent', '2016-11-02 09:00:00+00', '2016-11-10 18:00:00+00', NULL, 1, NULL, 37, '2016-11-02 09:00:00+00', '2016-11-02 09:00:00+00', '2016-11-02 09:00:00+00'),
	(3, 1, 4, 'sent', '2016-11-02 09:00:00+00', '2016-11-12 17:00:00+00', NULL, 1, NULL, 46, '2016-11-02 09:00:00+00', '2016-11-02 09:00:00+00', NULL),
	(4, 15, 1, 'sent', '2016-11-08 09:00:00+00', '2016-11-10 09:00:00+00', NULL, 1, NULL, 58, '2016-11-08 09:00:00+00', '2016-11-08 09:00:00+00', NULL),
	(5, 15, 4, 'sent', '2016-11-08 09:00:00+00', '2016-11-10 09:00:00+00', NULL, 1, NULL, 59, '2016-11-08 09:00:00+00', '2016-11-08 09:00:00+00', NULL),
	(7, 16, 4, 'sent', '2016-11-09 10:00:00+00', '2016-11-10 07:00:00+00', NULL, 1, NULL, 61, '2016-11-09 10:00:00+00', '2016-11-09 10:00:00+00', NULL),
	(6, 16, 1, 'sent', '2016-11-09 10:00:00+00', '2016-11-10 07:00:00+00', NULL, 1, NULL, 62, '2016-11-09 10:00:00+00', '2016-11-09 10:00:00+00', '2016-11-09 10:00:00+00'),
	(9, 19, 1, 'sent', '2016-11-10 08:00:00+00', '2016-11-10 18:00:00+00', NULL, 1, NULL, 63, '2016-11-10 08:00:00+00', '2016-11-10 08:00:00+00', NULL),
	(8, 19, 4, 'sent', '2016-11-10 08:00:00+00', '2016-11-10 18:00:00+00', NULL, 1, NULL, 64, '2016-11-10 08:00:00+00', '2016-11-10 08:00:00+00', NULL),
	(10, 20, 4, 'sent', '2016-11-11 09:00:00+00', '2016-11-13 08:00:00+00', NULL, 1, NULL, 65, '2016-11-11 09:00:00+00', '2016-11-11 09:00:00+00', NULL),
	(11, 20, 1, 'sent', '2016-11-11 09:00:00+00', '2016-11-13 08:00:00+00', NULL, 1, NULL, 66, '2016-11-11 09:00:00+00', '2016-11-11 09:00:00+00', '2016-11-11 09:00:00+00'),
	(13, 23, 4, 'sent', '2016-11-12 17:00:00+00', '2016-11-16 17:00:00+00', NULL, 1, NULL, 67, '2016-11-12 17:00:00+00', '2016-11-12 17:00:00+00', NULL),
	(12, 23, 1, 'sent', '2016-11-12 17:00:00+00', '2016-11-16 17:00:00+00', NULL, 1, NULL, 68, '2016-11-12 17:00:00+00', '2016-11-12 17:00:00+00', '2016-11-12 17:00:00+00'),
	(15, 31, 4, 'withheld', '2016-11-17 08:00:00+00', '2016-11-19 01:00:00+00', NULL, 0, 'courtesy_hours', NULL, '2016-11-17 01:00:00+00', NULL, NULL),
	(16, 31, 1, 'withheld', '2016-11-17 08:00:00+00', '2016-11-19 01:00:00+00', NULL, 0, 'courtesy_hours', NULL, '2016-11-17 01:00:00+00', NULL, NULL);
INSERT INTO public.event_texts VALUES
	(1, 'en', 'Coffee with Camille Durand', 'Come with your questions and with whom you like.'),
	(1, 'fr', 'Café-débat avec Camille Durand', 'Venez poser vos questions, amenez qui vous voulez.');
INSERT INTO public.events VALUES
	(1, '2bf33d7d', 'open', '2016-11-10 18:00:00+00', '2016-11-10 20:00:00+00', 'Europe/Paris', '69123', '69', '84', 'FR', 'Café de la Place, 2 place des Terreaux', 45.7676, 4.8344, true, 2, '2016-11-02 09:00:00+00', 0);
INSERT INTO public.facts VALUES
	('suppression:key', '"e59ce726def99604d795f94e5ba8818422d6598a66e0d7a915f1170a04e43cf6"'),
	('consent:texts', '{"next": null, "digest": "e7af0276b4ca894ac77476628f006827d8c5e760ccd23490c5915e1cf3d354f4", "changed": 0}'),
	('telegram:offset', '100000062'),
	('audit_tail', '{"hash": "e0bc72735db996d6c09424e62b2df5ebdb322d318bafb04c294d8e84e99795f1", "count": 12}'),
	('pacing:next', '1795748696.017313');
INSERT INTO public.people VALUES
	(3, 5000003, '7ea334f2269e6b2a', 'new', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, false, false, false, false, false, false, false, NULL, 0, NULL, '2016-10-30 17:00:00+00', NULL, '2016-10-30 17:00:00+00', false, false, false, false, false),
	(4, 5000004, '4b5284a837c36d8a', 'registered', 'fr', 'Paul', '69266', '69', '84', 'FR', NULL, 'Europe/Paris', 45.766, 4.8795, true, true, true, true, false, false, false, false, NULL, 2, NULL, '2016-11-02 09:00:00+00', '2016-11-02 09:00:00+00', '2016-11-02 09:00:00+00', false, false, false, false, false),
	(1, 5000001, '858b6d73c5f0ead8', 'registered', 'fr', 'Claire', '69204', '69', '84', 'FR', NULL, 'Europe/Paris', 45.6954, 4.7932, true, true, true, true, false, false, false, false, NULL, 0, NULL, '2016-10-29 08:00:00+00', '2016-10-29 08:00:00+00', '2016-11-16 17:00:00+00', false, false, false, false, false),
	(2, 5000002, '287905607776ca3a', 'new', 'fr', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, false, false, false, false, false, false, false, NULL, 0, NULL, '2016-10-30 17:00:00+00', NULL, '2016-11-17 01:00:00+00', false, false, false, false, false);
INSERT INTO public.responses VALUES
	(1, '2016-10-29 08:00:00+00', 1, 'consent', 'contact', 'yes', NULL, 2, 100000002, NULL, NULL, NULL),
	(2, '2016-10-29 08:00:00+00', 1, 'consent', 'commune', 'yes', NULL, 2, 100000003, NULL, NULL, NULL),
	(3, '2016-10-29 08:00:00+00', 1, 'consent', 'team', 'yes', NULL, 2, 100000004, NULL, NULL, NULL),
	(4, '2016-10-29 08:00:00+00', 1, 'consent', 'keep', 'yes', NULL, 2, 100000005, NULL, NULL, NULL),
	(5, '2016-10-29 08:00:00+00', 1, 'age', NULL, 'old_enough', NULL, 2, 100000006, NULL, NULL, NULL),
	(6, '2016-10-29 08:00:00+00', 1, 'commune', NULL, '69204', NULL, 6, 100000009, '69204', '69', '84'),
	(7, '2016-10-29 08:00:00+00', 1, 'registration', NULL, 'confirmed', NULL, 6, 100000010, '69204', '69', '84'),
	(8, '2016-10-30 17:00:00+00', 1, 'pledge', '1', 'will', 1, 7, 100000011, '69204', '69', '84'),
	(9, '2016-11-02 09:00:00+00', 1, 'rsvp', '2bf33d7d', 'yes', 5, 37, 100000026, '69204', '69', '84'),
	(10, '2016-11-02 09:00:00+00', 1, 'rsvp', '2bf33d7d', 'maybe', 5, 37, 100000027, '69204', '69', '84'),
	(11, '2016-11-02 09:00:00+00', 1, 'rsvp', '2bf33d7d', 'yes', 5, 37, 100000028, '69204', '69', '84'),
	(12, '2016-11-02 09:00:00+00', 4, 'consent', 'contact', 'yes', NULL, 43, 100000032, NULL, NULL, NULL),
	(13, '2016-11-02 09:00:00+00', 4, 'consent', 'commune', 'yes', NULL, 43, 100000033, NULL, NULL, NULL),
	(14, '2016-11-02 09:00:00+00', 4, 'consent', 'team', 'yes', NULL, 43, 100000034, NULL, NULL, NULL),
	(15, '2016-11-02 09:00:00+00', 4, 'consent', 'keep', 'yes', NULL, 43, 100000035, NULL, NULL, NULL),
	(16, '2016-11-02 09:00:00+00', 4, 'age', NULL, 'old_enough', NULL, 43, 100000036, NULL, NULL, NULL),
	(17, '2016-11-02 09:00:00+00', 4, 'commune', NULL, '69266', NULL, 44, 100000037, '69266', '69', '84'),
	(18, '2016-11-02 09:00:00+00', 4, 'registration', NULL, 'confirmed', NULL, 45, 100000038, '69266', '69', '84'),
	(19, '2016-11-02 09:00:00+00', 4, 'rsvp', '2bf33d7d', 'maybe', NULL, 45, 100000039, '69266', '69', '84'),
	(20, '2016-11-09 10:00:00+00', 1, 'attendance', '2bf33d7d', 'confirm', 16, 62, 100000048, '69204', '69', '84'),
	(21, '2016-11-11 09:00:00+00', 1, 'came', '2bf33d7d', 'yes', 20, 66, 100000049, '69204', '69', '84'),
	(22, '2016-11-12 17:00:00+00', 1, 'place', '1', 'known', 23, 68, 100000050, '69204', '69', '84'),
	(23, '2016-11-16 17:00:00+00', 1, 'plan.slot', '1', 'midday', 27, 69, 100000051, '69204', '69', '84'),
	(24, '2016-11-16 17:00:00+00', 1, 'plan.departure', '1', 'home', 27, 69, 100000052, '69204', '69', '84'),
	(25, '2016-11-16 17:00:00+00', 1, 'plan.company', '1', 'family', 27, 69, 100000053, '69204', '69', '84');
INSERT INTO public.rsvps VALUES
	(1, 4, 'maybe', false, NULL, '2016-11-02 09:00:00+00'),
	(1, 1, 'yes', true, true, '2016-11-11 09:00:00+00');
INSERT INTO public.staff VALUES
	(1, 5000002, 'organizer', '69', '2016-10-30 17:00:00+00', NULL, NULL),
	(2, 5000003, 'coordinator', '69', '2016-10-30 17:00:00+00', NULL, NULL);
INSERT INTO public.staff_links VALUES
	(1, '84190442dd1825065a8eea60295a42932ebca7b71d3fb4132cb4eb0e06bcda09', 'organizer', '69', NULL, '2016-10-30 17:00:00+00', '2016-11-01 17:00:00+00', '2016-10-30 17:00:00+00', NULL),
	(2, '36edc47be15deb7ce968e72653083f53ab36460c5746e08316346b70cb606bc7', 'coordinator', '69', NULL, '2016-10-30 17:00:00+00', '2016-11-01 17:00:00+00', '2016-10-30 17:00:00+00', NULL);
INSERT INTO public.updates VALUES
	(100000058, 'done', NULL, NULL, '2016-11-17 01:00:00+00', NULL, 0, NULL, NULL),
	(100000053, 'done', NULL, NULL, '2016-11-16 17:00:00+00', NULL, 0, NULL, NULL),
	(100000056, 'done', NULL, NULL, '2016-11-17 01:00:00+00', NULL, 1, NULL, NULL),
	(100000060, 'done', NULL, NULL, '2016-11-17 01:00:00+00', NULL, 6, NULL, NULL),
	(100000061, 'done', NULL, NULL, '2016-11-17 01:00:00+00', NULL, 1, NULL, NULL),
	(100000051, 'done', NULL, NULL, '2016-11-16 17:00:00+00', NULL, 0, NULL, NULL),
	(100000052, 'done', NULL, NULL, '2016-11-16 17:00:00+00', NULL, 0, NULL, NULL),
	(100000054, 'done', NULL, NULL, '2016-11-17 01:00:00+00', NULL, 1, NULL, NULL),
	(100000055, 'done', NULL, NULL, '2016-11-17 01:00:00+00', NULL, 0, NULL, NULL),
	(100000057, 'done', NULL, NULL, '2016-11-17 01:00:00+00', NULL, 1, NULL, NULL),
	(100000059, 'done', NULL, NULL, '2016-11-17 01:00:00+00', NULL, 0, NULL, NULL);
INSERT INTO public.vote_plans VALUES
	(1, 1, 'will', 'midday', 'home', 'family', NULL, '2016-11-16 17:00:00+00');
SELECT pg_catalog.setval('public.audit_id_seq', 12, true);
SELECT pg_catalog.setval('public.broadcasts_id_seq', 31, true);
SELECT pg_catalog.setval('public.consents_id_seq', 8, true);
SELECT pg_catalog.setval('public.deliveries_id_seq', 16, true);
SELECT pg_catalog.setval('public.dialogs_person_seq', 1, false);
SELECT pg_catalog.setval('public.downloads_id_seq', 1, false);
SELECT pg_catalog.setval('public.events_id_seq', 1, true);
SELECT pg_catalog.setval('public.people_id_seq', 4, true);
SELECT pg_catalog.setval('public.polling_places_id_seq', 1, false);
SELECT pg_catalog.setval('public.responses_id_seq', 25, true);
SELECT pg_catalog.setval('public.staff_id_seq', 2, true);
SELECT pg_catalog.setval('public.staff_links_id_seq', 2, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);
ALTER TABLE ONLY public.broadcast_texts
    ADD CONSTRAINT pk_broadcast_texts PRIMARY KEY (broadcast, language);
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT pk_broadcasts PRIMARY KEY (id);
ALTER TABLE ONLY public.chosen_places
    ADD CONSTRAINT pk_chosen_places PRIMARY KEY (person, ballot);
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT pk_consents PRIMARY KEY (id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT pk_deliveries PRIMARY KEY (id);
ALTER TABLE ONLY public.dialogs
    ADD CONSTRAINT pk_dialogs PRIMARY KEY (person);
ALTER TABLE ONLY public.downloads
    ADD CONSTRAINT pk_downloads PRIMARY KEY (id);
ALTER TABLE ONLY public.event_texts
    ADD CONSTRAINT pk_event_texts PRIMARY KEY (event, language);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (id);
ALTER TABLE ONLY public.facts
    ADD CONSTRAINT pk_facts PRIMARY KEY (name);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT pk_people PRIMARY KEY (id);
ALTER TABLE ONLY public.polling_places
    ADD CONSTRAINT pk_polling_places PRIMARY KEY (id);
ALTER TABLE ONLY public.responses
    ADD CONSTRAINT pk_responses PRIMARY KEY (id);
ALTER TABLE ONLY public.rsvps
    ADD CONSTRAINT pk_rsvps PRIMARY KEY (event, person);
ALTER TABLE ONLY public.staff
    ADD CONSTRAINT pk_staff PRIMARY KEY (id);
ALTER TABLE ONLY public.staff_links
    ADD CONSTRAINT pk_staff_links PRIMARY KEY (id);
ALTER TABLE ONLY public.suppressions
    ADD CONSTRAINT pk_suppressions PRIMARY KEY (hash);
ALTER TABLE ONLY public.updates
    ADD CONSTRAINT pk_updates PRIMARY KEY (update_id);
ALTER TABLE ONLY public.vote_plans
    ADD CONSTRAINT pk_vote_plans PRIMARY KEY (person, ballot);
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT uq_broadcasts_key UNIQUE (key);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT uq_deliveries_broadcast_person UNIQUE (broadcast, person);
ALTER TABLE ONLY public.downloads
    ADD CONSTRAINT uq_downloads_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT uq_events_code UNIQUE (code);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT uq_people_pseudonym UNIQUE (pseudonym);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT uq_people_telegram_id UNIQUE (telegram_id);
ALTER TABLE ONLY public.polling_places
    ADD CONSTRAINT uq_polling_places_key UNIQUE (key);
ALTER TABLE ONLY public.responses
    ADD CONSTRAINT uq_responses_update_id_question UNIQUE (update_id, question);
ALTER TABLE ONLY public.staff_links
    ADD CONSTRAINT uq_staff_links_token_hash UNIQUE (token_hash);
CREATE INDEX ix_broadcasts_state ON public.broadcasts USING btree (state);
CREATE INDEX ix_chosen_places_place ON public.chosen_places USING btree (place);
CREATE INDEX ix_consents_pseudonym ON public.consents USING btree (pseudonym);
CREATE INDEX ix_deliveries_broadcast_state_due_at ON public.deliveries USING btree (broadcast, state, due_at);
CREATE INDEX ix_deliveries_person ON public.deliveries USING btree (person);
CREATE INDEX ix_downloads_telegram_id ON public.downloads USING btree (telegram_id);
CREATE INDEX ix_events_starts_at ON public.events USING btree (starts_at);
CREATE INDEX ix_people_audience ON public.people USING btree (commune, state, consent_contact, consent_commune, unreachable_at, mutes_events, mutes_news, language, volunteer, territory, zone);
CREATE INDEX ix_people_department ON public.people USING btree (department);
CREATE INDEX ix_people_recruiter ON public.people USING btree (recruiter);
CREATE INDEX ix_people_replan ON public.people USING btree (id) WHERE replan;
CREATE INDEX ix_people_territory_state_zone ON public.people USING btree (territory, state, zone);
CREATE INDEX ix_polling_places_commune ON public.polling_places USING btree (commune);
CREATE INDEX ix_responses_at ON public.responses USING btree (at);
CREATE INDEX ix_responses_person ON public.responses USING btree (person);
CREATE INDEX ix_rsvps_person ON public.rsvps USING btree (person);
CREATE INDEX ix_staff_telegram_id ON public.staff USING btree (telegram_id);
CREATE INDEX ix_updates_state_update_id ON public.updates USING btree (state, update_id);
CREATE INDEX ix_vote_plans_ballot_vote ON public.vote_plans USING btree (ballot, vote);
ALTER TABLE ONLY public.broadcast_texts
    ADD CONSTRAINT fk_broadcast_texts_broadcast FOREIGN KEY (broadcast) REFERENCES public.broadcasts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT fk_broadcasts_event FOREIGN KEY (event) REFERENCES public.events(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.chosen_places
    ADD CONSTRAINT fk_chosen_places_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chosen_places
    ADD CONSTRAINT fk_chosen_places_place FOREIGN KEY (place) REFERENCES public.polling_places(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_broadcast FOREIGN KEY (broadcast) REFERENCES public.broadcasts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.event_texts
    ADD CONSTRAINT fk_event_texts_event FOREIGN KEY (event) REFERENCES public.events(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.responses
    ADD CONSTRAINT fk_responses_broadcast FOREIGN KEY (broadcast) REFERENCES public.broadcasts(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.responses
    ADD CONSTRAINT fk_responses_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.rsvps
    ADD CONSTRAINT fk_rsvps_event FOREIGN KEY (event) REFERENCES public.events(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.rsvps
    ADD CONSTRAINT fk_rsvps_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.vote_plans
    ADD CONSTRAINT fk_vote_plans_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE CASCADE;
