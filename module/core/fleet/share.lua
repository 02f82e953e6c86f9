-- SPDX-License-Identifier: BSD-3-Clause
-- One limit that several resolvers meet: its rate, and each node's share of it (module/core/fleet/share.h says the laws).
--
-- KEYS[1]: a hash for one address and those who meet the same limit there.  Field "limit" has the state of the rate, and each
--	field "n" .. id that of a node; numbers with spaces between them.  What does not read so was not written here, and is forgotten.
-- ARGV[1]: the version of what is told, [2]: the node's id, [3]: its report, [4]: a time in ms for tests, else the store's own.
-- Answers: version, share, ceiling, lease in ms, epoch, rate, nodes, whether another one was answered; rates in queries per 1000 s.
-- The same history gives the same answers, in whatever order the fields are stored.  O(nodes x log nodes).
local VERSION, LEASE_MS, NODES, LEAST_PART = 1, 600, 64, 8
local RATE_MIN, RATE_MAX, EPOCHS = 500, 50000000, 4294967295
local FEW, FORM_MS, SECOND_MS, EXPIRE_MS = 7200, 2000, 1000, 3600000
local OWN, RAISES, HEARSAY, PAUSES = 1, 2, 4, 8	-- flags of a report
local CUT_PERCENT, NEAR_PERCENT, BEYOND_PERCENT = 87, 92, 110
local RISE_BELOW, RISE_NEAR, RISE_BEYOND, RISE_LONGER, RISE_SECONDS = 250, 10, 150, 2, 10
local COUNT_MAX, NUMBER_MAX = 1000000, 1e15
local LIMIT = { "rate", "ceiling", "epoch", "formed", "lowered", "raised", "second", "good", "before", "steady", "backlog", "fresh" }
local NODE = { "till", "demand", "share", "rate", "ceiling", "well", "paused" }
local REPORT = { "demand", "rate", "ceiling", "epoch", "good", "lost", "flags" }

local function part(value, times, of)
	return math.floor(value * times / of)
end

local function clamp(value, min, max)
	return math.max(min, math.min(value, max))
end

-- Whole numbers, as many as there are names; nil for anything else.
local function reader(names)
	local count, pattern = #names, "^" .. string.sub(string.rep("(%d+) ", #names), 1, -2) .. "$"
	return function(text)
		local words = { string.match(text, pattern) }
		for i = 1, count do
			local number = tonumber(words[i])
			if not number or number > NUMBER_MAX then
				return nil
			end
			words[names[i]] = number
		end
		return words
	end
end
local read_limit, read_node, read_report = reader(LIMIT), reader(NODE), reader(REPORT)

local function write(values, names)
	local out = {}
	for i, name in ipairs(names) do
		out[i] = string.format("%.0f", values[name])
	end
	return table.concat(out, " ")
end

-- A second ends, and another begins with the first answer after a rest (core/pace/goodput.h).
local function turn(s, now, waits)
	local age = now - s.second
	if age < SECOND_MS then
		return
	end
	local follows, mqps = age < 2 * SECOND_MS, s.good * 1000
	if s.backlog == 1 and follows then
		s.steady = s.steady == 0 and mqps or part(s.steady * 3 + mqps, 1, 4)
	end
	s.backlog = waits and 1 or 0
	s.before = follows and s.good or 0
	s.good = 0
	s.second = follows and s.second + SECOND_MS or now
end

-- One decrease for all that was lost under a rate, as core/pace/learn.c makes it, and a little more, as news of it is late.
local function lower(s, now, lost)
	local rate, lower, steady = s.rate, part(s.rate, CUT_PERCENT, 100), part(s.steady, 92, 100)
	if lost > 1 then
		local good = s.good * 1000 + s.before * math.max(SECOND_MS - (now - s.second), 0)
		lower = clamp(part(good, 90, 100), part(rate, 1, 2), lower)
	elseif steady > lower then
		lower = steady < rate and steady or part(rate, 92, 100)
	end
	s.ceiling, s.rate, s.fresh, s.lowered, s.raised = rate, math.max(lower, RATE_MIN), 0, now, now
	s.epoch = s.epoch % EPOCHS + 1
end

-- As fast as the distance to the rate that was too high allows.
local function raise(s, now)
	local age, rise, most = math.min(now - s.raised, SECOND_MS), RISE_BEYOND, RATE_MAX
	local seconds, near = math.floor((now - s.lowered) / SECOND_MS), part(s.ceiling, NEAR_PERCENT, 100)
	if s.rate < near then
		rise, most = RISE_BELOW, math.min(near, most)
	elseif s.rate < part(s.ceiling, BEYOND_PERCENT, 100) then
		rise = RISE_NEAR + (seconds < RISE_SECONDS and RISE_LONGER * seconds * seconds or RISE_BELOW)
	end
	s.raised = now
	s.rate = math.min(s.rate + part(s.rate * rise, age, SECOND_MS * 1000), most)
end

-- An equal part of what those leave that want less than that; what nobody wants is divided as well.
local function fair(rate, nodes, mine)
	local demands = {}
	for _, n in pairs(nodes) do
		demands[#demands + 1] = n.demand
	end
	table.sort(demands)
	local left, count = rate, #demands
	for _, demand in ipairs(demands) do
		local level = math.floor(left / count)
		if demand > level then
			return math.min(mine.demand, level)
		end
		left, count = left - demand, count - 1
	end
	return mine.demand + math.floor(left / #demands)
end

if ARGV[1] ~= tostring(VERSION) then
	return redis.error_reply("CAAVERSION share is " .. VERSION)
end
local id, report = ARGV[2], read_report(ARGV[3])
if not report or report.rate > RATE_MAX or report.demand > RATE_MAX or report.ceiling > RATE_MAX or
    not string.find(id, "^[%w]+$") or #id > 32 then
	return redis.error_reply("CAAFORMAT not a report")
end
local function has(flag)
	return report.flags % (2 * flag) >= flag
end
local now = tonumber(ARGV[4])
if not now then
	local time = redis.call("TIME")
	now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

if redis.call("HLEN", KEYS[1]) > 2 * NODES then
	redis.call("DEL", KEYS[1])	-- not written here
end
local stored, nodes, gone, s = redis.call("HGETALL", KEYS[1]), {}, {}, nil
for i = 1, #stored, 2 do
	local field, text = stored[i], stored[i + 1]
	local n = string.sub(field, 1, 1) == "n" and read_node(text)
	if field == "limit" then
		s = read_limit(text)
	elseif n and n.till > now and n.till <= now + LEASE_MS then	-- more, and the store's clock has gone back
		n.well, n.paused = math.min(n.well, now), math.min(n.paused, now)
		nodes[string.sub(field, 2)] = n
	else
		gone[#gone + 1] = field
	end
end
if s and (s.rate < RATE_MIN or s.rate > RATE_MAX or s.epoch < 1 or s.epoch > EPOCHS) then
	s = nil
end
if s then
	for _, name in ipairs({ "formed", "lowered", "raised", "second" }) do
		s[name] = math.min(s[name], now)
	end
else
	s = { rate = 0, ceiling = 0, epoch = report.epoch % EPOCHS + 1, formed = now, lowered = now, raised = now, second = now,
		good = 0, before = 0, steady = 0, backlog = 0, fresh = 1 }
end

local mine, count, wanted, held, met, well = nodes[id], 1, report.demand, 0, report.rate > 0, 0
for other, n in pairs(nodes) do
	if other ~= id then
		count, wanted, held, met = count + 1, wanted + n.demand, held + n.share, met or n.rate > 0
		well = math.max(well, n.well)
	end
end
if not met or count > NODES then	-- it asks, and nobody else has met a limit; or too many share it
	return { VERSION, 0, 0, 0, 0, 0, 0, 0 }
end
-- What a node says that has the limit from others is no evidence of it.
mine = mine or { share = 0, rate = 0, well = 0, paused = 0 }
if report.rate == 0 or has(HEARSAY) then
	mine.rate, mine.ceiling = 0, 0
elseif mine.rate == 0 or has(OWN) then
	mine.rate, mine.ceiling = report.rate, report.ceiling
end
mine.demand, mine.till, nodes[id] = report.demand, now + LEASE_MS, mine
mine.well = report.good > 0 and now or mine.well
mine.paused = has(PAUSES) and (mine.paused > 0 and mine.paused or now) or 0
local answered = mine.paused > 0 and well > mine.paused

-- Before the rate was ever lowered it is what the nodes that met the limit think: each has measured its own part.
if s.fresh == 1 and now - s.formed < FORM_MS then
	local rate, ceiling, measured = 0, 0, 0
	for _, n in pairs(nodes) do
		rate, ceiling = rate + n.rate, ceiling + n.ceiling
		measured = measured + math.min(n.ceiling, part(n.rate, 10, 9))
	end
	if rate >= FEW then	-- a node that was answered few does not know what would be too much; all of them do
		ceiling = measured
	end
	s.rate = clamp(rate, math.max(s.rate, RATE_MIN), RATE_MAX)
	s.ceiling = clamp(ceiling, s.rate, RATE_MAX)
end
local waits = wanted >= s.rate
turn(s, now, waits)
if not waits then
	s.backlog = 0
end
s.good = math.min(s.good + report.good, COUNT_MAX)
if report.lost > 0 and report.epoch == s.epoch then
	lower(s, now, report.lost)
elseif has(RAISES) and waits then
	raise(s, now)
end

local least = math.max(1, math.floor(s.rate / (LEAST_PART * count)))
mine.share = math.max(least, math.min(fair(s.rate, nodes, mine), s.rate - held))

if #gone > 0 then
	redis.call("HDEL", KEYS[1], unpack(gone))
end
redis.call("HSET", KEYS[1], "limit", write(s, LIMIT), "n" .. id, write(mine, NODE))
redis.call("PEXPIRE", KEYS[1], EXPIRE_MS)
-- From here a node learns alone when the lease ends, so it is an equal part at least, and not far from the rate.
local base = math.max(mine.share, math.floor(s.rate / count))
local ceiling = math.min(part(s.ceiling, base, s.rate), part(base, 10, 9))
return { VERSION, mine.share, clamp(ceiling, mine.share, RATE_MAX), LEASE_MS, s.epoch, s.rate, count,
	answered and 1 or 0 }
